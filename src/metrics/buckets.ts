/** Bounds of the histograms of durations; the objectives in observability/ are about 1 s. */
export const seconds = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
