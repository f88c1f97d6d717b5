/* Lets an open page notice that its session is over, hide what it shows and say why; and asks about sign-ins elsewhere.

   A comfort and no protection: the server judges every request, whether this file runs or not. It asks only while its
   page can be seen, and what it asks is no activity. The stream, where there is one, says no more than "ask now". */
(() => {
  "use strict";
  const root = document.querySelector("[data-sojourn-live]");
  if (!root || root.dataset.started) return; // the tag may stand in a page twice
  root.dataset.started = "yes";

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { url, account } = root.dataset;
  const every = Number(root.dataset.every) * 1000, rare = 3; // of so many polls, one asks for sign-ins elsewhere
  const words = JSON.parse(root.dataset.words);
  const channel = new BroadcastChannel(`sojourn ${url}`);
  const SILENCE = 25000; // a stream beats more often than this

  let sid = root.dataset.sid; // whose session it is, as the server said last
  let streams = root.dataset.mode === "stream";
  let over = false, told = false, busy = false;
  let polls = 0, failures = 0, timer = 0;
  let listening = null; // what stops the stream

  const watched = () => document.visibilityState !== "hidden";
  const answers = (response) => response.headers.get("Content-Type")?.startsWith("application/problem+json");

  const get = (address, accept, signal) =>
    fetch(address, { cache: "no-store", redirect: "error", headers: { Accept: accept }, signal });

  /* One question. Whether the session lives, as far as this page can know. */
  const ask = async (elsewhere) => {
    try {
      const address = elsewhere ? `${url}?elsewhere` : url;
      const response = await get(address, "application/json", AbortSignal.timeout(8000));
      if (response.status === 401 && answers(response)) finish(await response.json());
      else if (response.ok) learn(await response.json());
      failures = response.ok ? 0 : failures + 1;
    } catch { failures += 1; } // no connection: the page stays, for the server lets it do nothing
    return !over && !failures;
  };

  const learn = (state) => {
    if (over) return; // another tab was faster than this answer
    if (state.account !== account) return finish({ reason: "switched", detail: words.switched }); // another user's
    sid = state.sid;
    if (!state.elsewhere) return;
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = state.csrf_token;
    draw(state.elsewhere);
  };

  /* The sign-ins to ask about. Only what has changed is touched: nobody loses the button that they are about to press. */
  const draw = (items) => {
    const list = part("list");
    for (const each of [...list.children]) if (!items.some((item) => item.sid === each.dataset.sid)) each.remove();
    for (const item of items) {
      if ([...list.children].some((each) => each.dataset.sid === item.sid)) continue;
      const made = part("item").content.firstElementChild.cloneNode(true);
      made.dataset.sid = item.sid;
      for (const name of ["name", "about"]) made.querySelector(`[data-field="${name}"]`).textContent = item[name];
      for (const name of ["confirm", "disown"]) {
        const form = made.querySelector(`form[data-field="${name}"]`);
        form.setAttribute("action", item[`${name}_url`]);
        form.hidden = !item[`${name}_url`];
      }
      for (const input of made.querySelectorAll("input[name=csrfmiddlewaretoken]"))
        input.value = document.querySelector("input[name=csrfmiddlewaretoken]").value;
      list.append(made);
    }
    part("elsewhere").hidden = !items.length;
  };

  /* The stream, until it ends. The first beat comes when the server has begun to look: what was missed before, this
     question learns. */
  const listen = async () => {
    const stop = new AbortController();
    listening = stop;
    let silence = setTimeout(() => { streams = false; stop.abort(); }, 5000); // something on the way keeps it back
    try {
      const response = await get(url, "text/event-stream", stop.signal);
      if (response.status === 401 && answers(response)) return finish(await response.json());
      if (!response.ok) { streams = false; return; } // too many are open
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let first = true; !over; first = false) {
        const { value, done } = await reader.read();
        if (done) break;
        clearTimeout(silence);
        silence = setTimeout(() => stop.abort(), SILENCE);
        if (first || value.includes("event: ask")) await ask(true);
      }
    } catch { /* Aborted by us, or cut off: the next question says how things are. */ } finally {
      clearTimeout(silence);
      stop.abort();
      listening = null;
    }
  };

  const round = async () => {
    clearTimeout(timer);
    if (busy || over || !watched()) return;
    busy = true;
    const elsewhere = polls++ % rare === 0;
    if (await ask(elsewhere) && streams && watched()) await listen();
    busy = false;
    if (over || !watched()) return;
    const pause = failures ? Math.min(every * 2 ** failures, 60000) * (1 + Math.random() / 2) : every;
    timer = setTimeout(round, pause);
  };

  /* The server names a device to programs as "Firefox on Windows"; a page says it in its reader's language. */
  const called = (device) => {
    const [, browser, system] = /^(.+?) on (.+)$/.exec(device) ?? [];
    return system ? words.device.replace("%(browser)s", () => browser).replace("%(system)s", () => system) : device;
  };

  const finish = (problem) => {
    if (over && (told || !problem.reason)) return;
    const by = problem.by && [problem.by.name || called(problem.by.device), problem.by.place].filter(Boolean).join(", ");
    const ender = by ? `${words[problem.reason] ?? words.ender}: ${by}.` : "";
    const detail = problem.reason ? [problem.detail, ender].filter(Boolean).join(" ") : words.ended;
    const known = { ...problem, detail, by: null };
    [over, told] = [true, Boolean(problem.reason)];
    clearTimeout(timer);
    listening?.abort();
    if (problem.reason && problem.reason !== "switched") channel.postMessage({ over: known, sid });
    hide(known);
  };

  /* Where timeout.js is in the page, it has the curtain; otherwise there is one here. */
  const hide = (problem) => {
    const unheard = document.dispatchEvent(new CustomEvent("sojourn:over", { detail: problem, cancelable: true }));
    if (!unheard) return;
    const curtain = part("curtain");
    document.body.replaceChildren(root); // nothing is left in the page for anybody to find
    part("elsewhere")?.remove(); // it is gone already where a page that was hidden before is told why
    part("reason").textContent = problem.detail;
    part(problem.reason === "switched" ? "again" : "reload").hidden = true;
    document.title = part("over").textContent; // a title can be private
    curtain.close();
    curtain.showModal();
    // Browsers close a dialog at the second Escape, whatever a page says.
    curtain.onclose = () => !curtain.open && curtain.showModal();
  };

  // Another tab was told why. The server tells it once only, and an ended session never lives again.
  channel.addEventListener("message", ({ data }) => data.sid === sid && finish(data.over));
  document.addEventListener("sojourn:over", () => {
    over = true; // perhaps timeout.js has learned it first
    clearTimeout(timer);
    listening?.abort();
  });

  const look = () => {
    if (!watched()) {
      clearTimeout(timer);
      listening?.abort();
    } else {
      [polls, failures] = [0, 0];
      round();
    }
  };
  for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, look);
  addEventListener("online", look);
  addEventListener("pageshow", (event) => event.persisted && look());
  // The page is as fresh as its navigation; out of a cache it is not.
  if (performance.getEntriesByType("navigation")[0]?.transferSize === 0 || streams) round();
  else timer = setTimeout(round, every);
})();
