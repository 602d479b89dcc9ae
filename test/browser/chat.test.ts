import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Cleanup, freePort, run, serve } from "../command/hawser-process.ts";
import { Chat, openBrowser, withoutBrowser } from "./chat.ts";

describe.skipIf(withoutBrowser)("the chat page", () => {
  const cleanup = new Cleanup();
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(() => cleanup.run());
  afterAll(() => browser.close());

  const start = async (...words: string[]): ReturnType<typeof serve> => {
    const started = await serve(["--port", "0", "--memory", ...words]);
    cleanup.process(started.server);
    return started;
  };
  const enter = async (address: string, name: string): Promise<Chat> => {
    const context = await browser.context();
    cleanup.add(() => context.close());
    return Chat.enter(context, address, name);
  };

  it("carries messages between two pages and a terminal, once and in order", async () => {
    const { page, url } = await start();
    const [ann, bob] = [await enter(page, "ann"), await enter(page, "bob")];
    await ann.say("hello bob");
    await bob.shows("hello bob");
    await bob.say("hello ann");
    await ann.shows("hello ann");
    expect((await run(["pub", "chat.general", "hello both", "--user", "carl", "--url", url])).code).toBe(0);
    for (const chat of [ann, bob]) {
      await chat.shows("hello both");
      await chat.settled();
      expect(await chat.texts()).toEqual(["hello bob", "hello ann", "hello both"]);
      expect(chat.faults).toEqual([]);
    }
    const mine = ann.page.getByTestId("message").first();
    expect(await mine.getAttribute("data-state")).toBe("accepted");
    expect(await bob.page.getByTestId("message").first().getAttribute("data-state")).toBe("other");
    expect(await bob.page.getByTestId("publisher").allTextContents()).toEqual(["ann", "carl"]);
    const history = await run(["history", "chat.general", "--json", "--url", url]);
    expect(history.out.trim().split("\n")).toHaveLength(3);
  });

  it("shows what people write as text, never as markup, and links only to web addresses", async () => {
    const { page } = await start();
    const ann = await enter(page, "ann");
    const hostile = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>';
    await ann.say(hostile);
    await ann.shows(hostile);
    await ann.say("see https://example.org/a_(b)?c=1. or javascript:alert(1) (http://user:word@example.org/)");
    await ann.shows("see https");
    await ann.settled();
    expect((await ann.texts())[0]).toBe(hostile);
    expect(await ann.page.locator("[data-testid=messages] img, [data-testid=messages] script").count()).toBe(0);
    expect(await ann.page.title()).not.toContain("taken");
    const links = ann.page.locator("[data-testid=messages] a");
    expect(await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")))).toEqual([
      "https://example.org/a_(b)?c=1",
    ]);
    expect(await links.first().getAttribute("rel")).toContain("noopener");
    expect(ann.faults).toEqual([]);
  });

  it("goes on where it was when the connection is cut in the middle", async () => {
    const { page } = await start();
    const [ann, bob] = [await enter(page, "ann"), await enter(page, "bob")];
    const expected: string[] = [];
    for (let index = 0; index < 30; index += 1) {
      const [writer, text] = [index % 2 === 0 ? ann : bob, `message ${index}`];
      expected.push(text);
      await writer.say(text);
      if (index % 5 === 2) await ann.page.getByTestId("cut").click();
      await (writer === ann ? bob : ann).shows(text);
    }
    for (const chat of [ann, bob]) {
      await chat.settled();
      expect(await chat.texts()).toEqual(expected);
      expect(chat.faults).toEqual([]);
    }
    expect(await ann.figure("resumes")).toBeGreaterThan(0);
    expect(await ann.figure("lost")).toBe(0);
    expect(await ann.page.getByTestId("events").textContent()).toContain("You cut every connection");
  });

  it("shows who is in the room, and not that anybody's connection was cut", async () => {
    const { page } = await start();
    const [ann, bob] = [await enter(page, "ann"), await enter(page, "bob")];
    const people = ann.page.getByTestId("people");
    const areThere = async (...users: string[]): Promise<void> => {
      for (const user of users) await people.locator(`[data-user="${user}"]`).waitFor();
      expect(await people.locator("[data-user]").count()).toBe(users.length);
    };
    await areThere("ann", "bob");
    expect(await people.getAttribute("title")).toBe("2 here: you, bob");
    await people.evaluate((shown) => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => seen.push(shown.getAttribute("title") ?? "")).observe(shown, { attributes: true });
    });
    for (let count = 0; count < 3; count += 1) {
      await bob.page.getByTestId("cut").click();
      await bob.say(`still here ${count}`);
      await ann.shows(`still here ${count}`);
    }
    expect(await ann.page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual([]);
    await enter(page, "eve");
    await areThere("ann", "bob", "eve");
    await bob.page.close();
    await people.locator(`[data-user="bob"]`).waitFor({ state: "detached" });
    await areThere("ann", "eve");
    expect(ann.faults).toEqual([]);
  });

  it("shows every connection of the session, and notices nothing when one after the other is cut", async () => {
    const { page } = await start();
    const [ann, bob] = [await enter(page, "ann"), await enter(page, "bob")];
    const rows = ann.page.locator(`[data-testid="connection"][data-state="connected"]`);
    const bothStand = () => rows.nth(1).waitFor();
    await bothStand();
    const states = ann.page.locator(`[data-testid="panel-state"]`);
    const expected: string[] = [];
    for (let index = 0; index < 12; index += 1) {
      expected.push(`message ${index}`);
      if (index % 2 === 1) {
        await bothStand();
        await rows
          .nth(index % 4 === 1 ? 0 : 1)
          .getByTestId("cut-one")
          .click();
        expect(await states.textContent()).toBe("Connected");
      }
      await bob.say(`message ${index}`);
      await ann.shows(`message ${index}`);
    }
    await ann.settled();
    expect(await ann.texts()).toEqual(expected);
    expect(await ann.figure("lost")).toBe(0);
    expect(ann.faults).toEqual([]);
  });

  it("keeps every message once, in order, when the server is killed and comes back", async () => {
    const folder = cleanup.folder();
    const port = String(await freePort());
    const restart = async (): ReturnType<typeof serve> => {
      const started = await serve(["--port", port], { folder });
      cleanup.process(started.server);
      return started;
    };
    const first = await restart();
    let { server } = first;
    const { page } = first;
    const [ann, bob] = [await enter(page, "ann"), await enter(page, "bob")];
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 6; index += 1) {
        await ann.say(`ann ${round}.${index}`);
        if (index === 2) await server.stop("SIGKILL");
        await bob.say(`bob ${round}.${index}`);
      }
      ({ server } = await restart());
      // They wait longer after each failure; a person would press the button too.
      for (const chat of [ann, bob]) await chat.state("Connected");
    }
    for (const chat of [ann, bob]) {
      await chat.count(36);
      await chat.settled();
    }
    const texts = await ann.texts();
    expect(await bob.texts()).toEqual(texts);
    expect(texts).toHaveLength(36);
    for (const name of ["ann", "bob"]) {
      const own = [0, 1, 2].flatMap((round) => [0, 1, 2, 3, 4, 5].map((index) => `${name} ${round}.${index}`));
      expect(texts.filter((text) => text.startsWith(name))).toEqual(own);
    }
    const history = await run(["history", "chat.general", "-n", "100", "--json", "--url", `ws://127.0.0.1:${port}`]);
    expect(
      history.out
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { data: string }).data),
    ).toEqual(texts);
    expect([...ann.faults, ...bob.faults]).toEqual([]);
  });

  it("queues what is written while it is offline, says so, and sends it when it is back", async () => {
    const { page } = await start();
    const [ann, bob] = [await enter(page, "ann"), await enter(page, "bob")];
    await ann.page.getByTestId("offline").click();
    await ann.state("Offline");
    expect(await ann.page.getByTestId("offline").textContent()).toMatch(/Back in (10|9) s/);
    await ann.say("written offline");
    await bob.say("said meanwhile");
    await bob.shows("said meanwhile");
    await ann.page.locator('[data-testid=message][data-state="queued"]').waitFor();
    expect(await ann.page.getByTestId("message-state").last().textContent()).toBe("Queued");
    expect(await ann.texts()).toEqual(["written offline"]);
    await ann.page.getByTestId("offline").click();
    await ann.state("Connected");
    await bob.shows("written offline");
    for (const chat of [ann, bob]) {
      await chat.count(2);
      await chat.settled();
    }
    for (const chat of [ann, bob]) expect(await chat.texts()).toEqual(["said meanwhile", "written offline"]);
  });

  it("comes back by itself after ten seconds", async () => {
    const { page } = await start();
    const ann = await enter(page, "ann");
    await ann.page.getByTestId("offline").click();
    await ann.state("Offline");
    await ann.state("Connected");
    expect(await ann.page.getByTestId("offline").textContent()).toBe("Go offline for 10 seconds");
  });

  it("loads older messages when the reader scrolls up, without moving what is read", async () => {
    const { page, url } = await start();
    const input = Array.from({ length: 180 }, (_, index) => `old ${index}.`).join("\n");
    expect((await run(["pub", "chat.general", "--user", "zoe", "--url", url], { input })).code).toBe(0);
    const ann = await enter(page, "ann");
    await ann.shows("old 179.");
    expect(await ann.texts()).not.toContain("old 0.");
    // Older pages come in until the beginning is reached; each time what was in sight stays where it is.
    while (!(await ann.texts()).includes("old 0.")) {
      const seen = await ann.page.evaluate(() => {
        const scroller = document.querySelector("[data-testid=scroller]");
        if (scroller === null) throw new Error("there is no scroller");
        scroller.scrollTop = 20;
        const edge = scroller.getBoundingClientRect().top;
        const texts = [...document.querySelectorAll("[data-testid=message-text]")];
        const first = texts.find((text) => text.getBoundingClientRect().top >= edge);
        const top = first?.getBoundingClientRect().top ?? 0;
        return { count: texts.length, oldest: texts[0]?.textContent, text: first?.textContent ?? "", top };
      });
      // The last page may have come by itself just before: then there is nothing older to wait for.
      if (seen.oldest === "old 0.") break;
      await ann.count(seen.count + 1);
      const top = await ann.page
        .getByText(seen.text, { exact: true })
        .evaluate((text) => text.getBoundingClientRect().top);
      expect(Math.abs(top - seen.top)).toBeLessThanOrEqual(2);
    }
    expect(await ann.texts()).toEqual(input.split("\n"));
    await ann.page.getByTestId("history-state").filter({ hasText: "The beginning of #general" }).waitFor();
    await ann.page.getByTestId("jump").click();
    await ann.page.getByTestId("jump").waitFor({ state: "hidden" });
    expect(ann.faults).toEqual([]);
  });

  it("stands still in a flood while somebody reads further up, and misses nothing of it", async () => {
    const { page, url } = await start();
    await run(["pub", "chat.general", "--json", "--user", "zoe", "--url", url], { input: numbers(0, 100) });
    const ann = await enter(page, "ann");
    await ann.shows("99");
    await ann.page.getByTestId("scroller").evaluate((scroller) => (scroller.scrollTop = 0));
    await ann.page.getByTestId("jump").waitFor();
    await run(["pub", "chat.general", "--json", "--user", "zoe", "--url", url], { input: numbers(100, 30_000) });
    await ann.count(5000);
    const held = await ann.texts();
    expect(held).toEqual(numbers(Number(held[0]), Number(held[0]) + held.length).split("\n"));
    expect(held.length).toBeLessThanOrEqual(5000);
    expect(await ann.page.getByTestId("jump").isVisible()).toBe(true);
    // At the end again, the rest comes: the newest stay, and none of them is missing.
    for (;;) {
      const jump = ann.page.getByTestId("jump");
      if (await jump.isVisible()) await jump.click();
      if ((await ann.texts()).at(-1) === "29999") break;
    }
    const texts = await ann.texts();
    expect(texts).toEqual(numbers(Number(texts[0]), 30_000).split("\n"));
    expect([await ann.figure("gaps"), await ann.figure("lost")]).toEqual([0, 0]);
    expect(ann.faults).toEqual([]);
  });

  it("goes on after a reload at what was read, with what was missed marked as new", async () => {
    const { page, url } = await start();
    const ann = await enter(page, "ann");
    await ann.say("seen");
    await ann.settled();
    await ann.page.goto("about:blank");
    await run(["pub", "chat.general", "--user", "bob", "--url", url], { input: "missed one\nmissed two\n" });
    await ann.page.goto(page);
    await ann.shows("missed two");
    await ann.shows("seen");
    expect(await ann.texts()).toEqual(["seen", "missed one", "missed two"]);
    expect(await ann.page.getByTestId("me").textContent()).toBe("ann");
    expect(await ann.figure("lost")).toBe(0);
  });

  it("counts what is unread in other rooms, and keeps rooms over a reload", async () => {
    const { page, url } = await start();
    const ann = await enter(page, "ann");
    await ann.page.getByTestId("join-room").fill("  Harbour News ");
    await ann.page.keyboard.press("Enter");
    await ann.page.getByTestId("room-title").filter({ hasText: "harbour-news" }).waitFor();
    await ann.page.getByTestId("empty").filter({ hasText: "Nothing here yet" }).waitFor();
    await run(["pub", "chat.general", "--user", "bob", "--url", url], { input: "one\ntwo\n" });
    const general = ann.page.getByTestId("room-general");
    await general.getByTestId("unread").filter({ hasText: "2" }).waitFor();
    expect(await ann.page.title()).toMatch(/^\(2\) #harbour-news/);
    await ann.page.reload();
    await general.getByTestId("unread").filter({ hasText: "2" }).waitFor();
    await general
      .getByRole("button", { name: /general/ })
      .first()
      .click();
    await ann.shows("two");
    await general.getByTestId("unread").waitFor({ state: "detached" });
    await ann.page.getByTestId("new-mark").waitFor();
    expect(await ann.page.evaluate(() => location.hash)).toBe("#general");
  });

  it("says why a message was not accepted, and lets its writer send it again or drop it", async () => {
    const { page } = await start();
    const ann = await enter(page, "ann");
    await ann.page.getByTestId("composer").evaluate((field) => field.removeAttribute("maxlength"));
    await ann.say("x".repeat(70_000));
    await ann.page.locator('[data-testid=message][data-state="rejected"]').waitFor();
    expect(await ann.page.getByTestId("message-state").textContent()).toMatch(/^Not sent: /);
    await ann.say("short");
    await ann.shows("short");
    await ann.page.getByTestId("discard").click();
    await ann.page.getByTestId("discard").waitFor({ state: "detached" });
    await ann.settled();
    expect(await ann.texts()).toEqual(["short"]);
  });

  it("asks for a token where the server wants one, and enters with it", async () => {
    const secret = "a secret of the tests, with more than 32 bytes";
    const { page } = await start("--secret", secret);
    const context = await browser.context();
    cleanup.add(() => context.close());
    const visitor = await context.newPage();
    await visitor.goto(page);
    await visitor.getByTestId("name").fill("ann");
    await visitor.getByTestId("enter").click();
    await visitor.getByTestId("welcome-problem").filter({ hasText: /token/ }).waitFor();
    const token = (await run(["token", "--user", "ann", "--secret", secret])).out.trim();
    await visitor.getByTestId("name").fill(token);
    await visitor.getByTestId("enter").click();
    await visitor
      .getByTestId("panel-state")
      .filter({ hasText: /^Connected$/ })
      .waitFor();
    expect(await visitor.getByTestId("me").textContent()).toBe("ann");
    expect(await visitor.evaluate(() => JSON.stringify(Object.entries(localStorage)))).not.toContain(token);
  });

  it("says that a room is closed to who may not read it, and goes on in the others", async () => {
    const secret = "a secret of the tests, with more than 32 bytes";
    const { page } = await start("--secret", secret);
    const token = (
      await run(["token", "--user", "ann", "--allow", "subscribe+publish+history:chat.general", "--secret", secret])
    ).out;
    const context = await browser.context();
    cleanup.add(() => context.close());
    const visitor = await context.newPage();
    await visitor.goto(page);
    await visitor.getByTestId("name").fill("ann");
    await visitor.getByTestId("enter").click();
    await visitor.getByTestId("welcome-problem").filter({ hasText: /token/ }).waitFor();
    await visitor.getByTestId("name").fill(token.trim());
    await visitor.getByTestId("enter").click();
    await visitor.getByTestId("join-room").fill("captains");
    await visitor.keyboard.press("Enter");
    await visitor.getByTestId("empty").filter({ hasText: "This room is closed to you" }).waitFor();
    expect(await visitor.getByTestId("composer").isDisabled()).toBe(true);
    await visitor.getByTestId("room-general").getByRole("button", { name: "general", exact: true }).click();
    await visitor.getByTestId("composer").fill("hello");
    await visitor.keyboard.press("Enter");
    await visitor.locator('[data-testid=message][data-state="accepted"]').waitFor();
  });

  it("can be used with the keyboard alone", async () => {
    const { page } = await start();
    const context = await browser.context();
    cleanup.add(() => context.close());
    const visitor = await context.newPage();
    await visitor.goto(page);
    await visitor.getByTestId("name").waitFor();
    await visitor.keyboard.type("ann");
    await visitor.keyboard.press("Enter");
    await visitor
      .getByTestId("panel-state")
      .filter({ hasText: /^Connected$/ })
      .waitFor();
    await visitor.keyboard.type("first line");
    await visitor.keyboard.press("Shift+Enter");
    await visitor.keyboard.type("second line");
    await visitor.keyboard.press("Enter");
    await visitor.locator('[data-testid=message][data-state="accepted"]').waitFor();
    expect(await visitor.getByTestId("message-text").textContent()).toBe("first line\nsecond line");
    expect(await visitor.getByRole("log").count()).toBe(1);
    expect(await visitor.getByRole("textbox", { name: "Message" }).count()).toBe(1);
  });
});

/** Numbers from the first to before the end, one a line. */
function numbers(first: number, end: number): string {
  return Array.from({ length: end - first }, (_, index) => String(first + index)).join("\n");
}
