/** Ends something when the test has ended, what began last first: `onTestFinished` of a test's own context. */
export type AtEnd = (end: () => Promise<void>) => void;
