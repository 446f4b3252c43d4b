/** Sessions (alias `s`) with where each finds the messages that it lists (`j`). */
export const listing = "sessions s JOIN session_messages j ON j.session_key = s.cluster_key";

/** The same, with the messages themselves (`m`). */
export const listedMessages = `${listing} JOIN messages m ON m.cluster_key = j.message_key`;
