import { expect, it } from "vitest";
import { headersOf, HeaderTexts } from "../../src/http/header-texts.ts";

it("gives the headers back, without those of the transport", () => {
  const text = new HeaderTexts().of({ host: "a", connection: "upgrade", "set-cookie": ["x", "y"] });
  expect(Object.entries(headersOf(text))).toEqual([
    ["host", "a"],
    ["set-cookie", "x, y"],
  ]);
});

it("cannot be made to say a header that was not sent", () => {
  expect(headersOf(new HeaderTexts().of({})).host).toBeUndefined();
  expect(headersOf(new HeaderTexts().of({}))["constructor"]).toBeUndefined();
});

it("tells clients that say something else apart, however many there are", () => {
  const texts = new HeaderTexts();
  for (let index = 0; index < 600; index += 1)
    expect(
      headersOf(texts.of({ "user-agent": `agent ${index}`, cookie: index % 2 === 0 ? "c" : undefined })),
    ).toMatchObject({
      "user-agent": `agent ${index}`,
    });
});
