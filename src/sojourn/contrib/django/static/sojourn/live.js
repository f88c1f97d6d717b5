/* Lets an open page notice that its session is over, hide what it shows and say why; and asks about sign-ins elsewhere.

   A comfort and no protection: the server judges every request, whether this file runs or not. It asks only while its
   page can be seen, and what it asks is no activity. The stream, where there is one, says no more than "ask now". */
(() => {
  "use strict";
  const root = document.querySelector("[data-sojourn-live]");
  if (!root || root.sojourn) return; // the tag may stand in a page twice
  root.sojourn = true; // not in the markup: sites that swap bodies (Turbo, htmx) keep clones of it

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { url, account } = root.dataset;
  const every = Number(root.dataset.every) * 1000, rare = 3; // of so many polls, one asks for sign-ins elsewhere
  const words = JSON.parse(root.dataset.words);
  let channel; // to the other tabs; where a browser forbids it, each asks for itself
  try { channel = new BroadcastChannel(`sojourn ${url}`); } catch {
    channel = Object.assign(new EventTarget(), { postMessage() {} });
  }
  const SILENCE = 25000; // a stream beats more often than this

  let sid = root.dataset.sid; // whose session it is, as the server said last
  let streams = root.dataset.mode === "stream";
  let over = false, told = false, busy = false;
  let polls = 0, failures = 0, timer = 0;
  let listening = null; // what stops the stream

  const watched = () => document.visibilityState !== "hidden";
  const is = (response, type) => response.headers.get("Content-Type")?.startsWith(type);

  const quiet = () => {
    clearTimeout(timer);
    listening?.abort();
  };

  /* Whether the root is in the page still. What puts another body in its place brings another root, with its script. */
  const life = new AbortController();
  const lives = () => {
    if (!root.isConnected) life.abort();
    return root.isConnected;
  };
  life.signal.addEventListener("abort", quiet);
  const on = (target, names, act) => {
    for (const name of names.split(" "))
      target.addEventListener(name, (event) => lives() && act(event), { signal: life.signal });
  };

  const get = (address, accept, signal) =>
    fetch(address, { cache: "no-store", redirect: "error", headers: { Accept: accept }, signal });

  /* One question. Whether the session lives, as far as this page can know. */
  const ask = async (elsewhere, again = true) => {
    try {
      const address = elsewhere ? `${url}?elsewhere` : url;
      const response = await get(address, "application/json", AbortSignal.timeout(8000));
      const answer = await response.json();
      if (response.status === 401 && is(response, "application/problem+json")) {
        if (!answer.reason && again) return ask(elsewhere, false); // it may have crossed with a new sign-in
        finish(answer);
      }
      const known = response.ok && answer.account;
      if (known) learn(answer);
      failures = known ? 0 : failures + 1;
    } catch { failures += 1; } // no connection, or somebody else's answer: the server lets the page do nothing
    return !over && !failures;
  };

  const learn = (state) => {
    if (over || !lives()) return; // another tab was faster than this answer
    if (state.account !== account) return finish({ reason: "switched", detail: words.switched }); // another user's
    sid = state.sid;
    if (!state.elsewhere) return;
    draw(state.elsewhere);
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = state.csrf_token;
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
      if (response.status === 401) await ask(); // why, no stream is told: it may be cut off
      if (!response.ok || !is(response, "text/event-stream")) { streams = false; return; } // too many are open
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (let first = true; !over && lives(); first = false) {
        const { value, done } = await reader.read();
        if (done) break;
        clearTimeout(silence);
        silence = setTimeout(() => stop.abort(), SILENCE);
        const events = (rest + value).split("\n\n"); // it may come in pieces
        rest = events.pop();
        const news = first || events.some((event) => event.includes("event: ask"));
        if (news && !(await ask(true))) break; // what was not learned now, the next stream begins with
      }
    } catch { /* Aborted by us, or cut off: the next question says how things are. */ } finally {
      clearTimeout(silence);
      stop.abort();
      listening = null;
    }
  };

  const round = async () => {
    clearTimeout(timer);
    if (busy || over || !watched() || !lives()) return;
    busy = true;
    const elsewhere = polls++ % rare === 0;
    if (await ask(elsewhere) && streams && watched()) await listen();
    busy = false;
    if (over || !watched() || !lives()) return;
    const pause = failures ? Math.min(every * 2 ** failures, 60000) * (1 + Math.random() / 2) : every;
    timer = setTimeout(round, pause);
  };

  /* The server names a device to programs as "Firefox on Windows"; a page says it in its reader's language. */
  const called = (device) => {
    const [, browser, system] = /^(.+?) on (.+)$/.exec(device) ?? [];
    return system ? words.device.replace("%(browser)s", () => browser).replace("%(system)s", () => system) : device;
  };

  const finish = (problem) => {
    if ((over && (told || !problem.reason)) || !lives()) return;
    const by = problem.by && [problem.by.name || called(problem.by.device), problem.by.place].filter(Boolean).join(", ");
    const ender = by ? `${words[problem.reason] ?? words.ender}: ${by}.` : "";
    const detail = problem.reason ? [problem.detail, ender].filter(Boolean).join(" ") : words.ended;
    const known = { ...problem, detail, by: null };
    [over, told] = [true, Boolean(problem.reason)];
    quiet();
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
    part("again").hidden = problem.reason === "switched";
    part("reload").hidden = problem.reason !== "switched";
    part("reload").href = location.href.split("#")[0]; // an empty one would lead to the page's <base>
    document.title = part("over").textContent; // a title can be private
    curtain.close();
    curtain.showModal();
    // Browsers close a dialog at the second Escape, whatever a page says.
    curtain.onclose = () => !curtain.open && curtain.showModal();
  };

  // Another tab was told why. The server tells it once only, and an ended session never lives again.
  on(channel, "message", ({ data }) => data.sid === sid && finish(data.over));
  on(document, "sojourn:told", ({ detail }) => finish(detail)); // timeout.js has asked first
  on(document, "sojourn:over", () => {
    over = true; // perhaps timeout.js has learned it first
    quiet();
  });

  const look = () => {
    if (!watched()) return quiet();
    [polls, failures] = [0, 0];
    round();
  };
  on(document, "visibilitychange resume", look);
  on(window, "online", look);
  on(window, "pageshow", (event) => event.persisted && look());
  // The page is as fresh as its navigation; out of a cache, or of another body's place, it is not.
  const swapped = document.readyState === "complete";
  if (swapped || performance.getEntriesByType("navigation")[0]?.transferSize === 0 || streams) round();
  else timer = setTimeout(round, every);
})();
