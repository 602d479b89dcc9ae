export { FakeBroker } from "./fake-broker.ts";
export type { FakeBrokerOptions, FaultRates } from "./fake-broker.ts";
export { fakeSource } from "./fake-source.ts";
export type { FakeSource } from "./fake-source.ts";
