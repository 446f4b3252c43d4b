import { defineTable } from "../table.js";

/** What all instances on one database must share and nobody configures, such as the key that signs cursors. */
export interface ServiceSettingRow {
  name: string;
  value: string;
}

export const serviceSettings = defineTable<ServiceSettingRow>({
  name: "service_settings",
  columns: (types) => ({
    name: types.ascii(64, { primary: true }),
    value: types.longText(),
  }),
});
