import { describe, expect, it } from "vitest";
import { clusterOf } from "../../../src/store/connection/cluster.js";

const group = { group_replication_group_name: "6f2f7a52-6d0b-4b7e-9e0c-0d6a3c8b7f10" };

describe("the kind of cluster", () => {
  it.each([
    [{}, "11.4.2-MariaDB", undefined],
    [{ wsrep_on: "OFF" }, "10.11.14-MariaDB", undefined],
    [{ wsrep_on: "ON" }, "10.11.14-MariaDB", "Galera"],
    [{ group_replication_group_name: "", group_replication_single_primary_mode: "ON" }, "9.7.0", undefined],
    [{ ...group, group_replication_single_primary_mode: "ON" }, "9.7.0", "Group Replication, single primary"],
    [{ ...group, group_replication_single_primary_mode: "OFF" }, "9.7.0", "Group Replication, multi-primary"],
    [{}, "8.0.11-TiDB-v8.4.0", "TiDB"],
    [{}, "8.0.30-Vitess", "Vitess"],
  ])("of %o and %s is %s", (settings, version, name) => {
    expect(clusterOf(new Map(Object.entries(settings)), version)?.name).toBe(name);
  });
});
