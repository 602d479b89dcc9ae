import { describe, expect, it } from "vitest";
import { AdmissionCounter } from "../../src/http/admission.ts";

describe("admission", () => {
  it("holds as many connections as the node may, and not one more", () => {
    const counter = new AdmissionCounter({ maxConnections: 2, maxConnectionsPerAddress: 2 });
    expect(counter.admit("192.0.2.1").kind).toBe("admitted");
    expect(counter.admit("192.0.2.2").kind).toBe("admitted");
    expect(counter.admit("192.0.2.3").kind).toBe("node-full");
    expect(counter.total).toBe(2);
  });

  it("holds as many of an address as it may, and not one more", () => {
    const counter = new AdmissionCounter({ maxConnections: 10, maxConnectionsPerAddress: 2 });
    counter.admit("2001:db8::1");
    counter.admit("2001:db8::2");
    expect(counter.admit("2001:db8::3").kind).toBe("address-full");
    expect(counter.admit("2001:db8:0:1::1").kind).toBe("admitted");
  });

  it("gives a place back once", () => {
    const counter = new AdmissionCounter({ maxConnections: 3, maxConnectionsPerAddress: 1 });
    const first = counter.admit("192.0.2.1");
    counter.admit("192.0.2.2");
    if (first.kind !== "admitted") throw new Error(first.kind);
    first.leave();
    first.leave();
    expect(counter.total).toBe(1);
    expect(counter.admit("192.0.2.1").kind).toBe("admitted");
    expect(counter.admit("192.0.2.1").kind).toBe("address-full");
  });
});
