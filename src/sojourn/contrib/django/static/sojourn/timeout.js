/* Warns before a session's timeouts, in every tab, and hides the page when the session is over.

   A comfort and no protection: the server judges every request by its own clock, whether this file runs or not. So
   nothing here decides that a session lives. What is in doubt is hidden, and the server is asked. */
(() => {
  "use strict";
  const root = document.querySelector("[data-sojourn-timeout]");
  if (!root || root.sojourn) return; // the tag may stand in a page twice
  root.sojourn = true; // not in the markup: sites that swap bodies (Turbo, htmx) keep clones of it
  document.body.append(root); // so that everything beside it can be hidden

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { url, signOut } = root.dataset;
  const explanations = JSON.parse(root.dataset.explanations);
  const warning = part("warning"), curtain = part("curtain");
  let channel; // to the other tabs; where a browser forbids it, each asks for itself
  try { channel = new BroadcastChannel(`sojourn ${url}`); } catch {
    channel = Object.assign(new EventTarget(), { postMessage() {} });
  }

  /* The clock on the wall may be wrong, and may be set. The steady one may stand still while the machine sleeps. Of the
     time that has passed by each, the longer counts: at worst the server is asked once too often. */
  const mark = (steady = performance.now()) => ({ steady, wall: Date.now() - (performance.now() - steady) });
  const since = (then) => Math.max(performance.now() - then.steady, Date.now() - then.wall);

  let state = JSON.parse(root.dataset.state); // what the server said last
  const account = state.account;
  const navigation = performance.getEntriesByType("navigation")[0];
  const swapped = document.readyState === "complete"; // it came with another body, by the site's own scripts
  // When it was asked: a slow answer must not count as time that is left.
  let learnt = mark(swapped ? undefined : navigation?.requestStart);
  let asked = learnt, reported = null; // the last attempt to ask, and the last report of activity
  let pending = 0, patience = 1000;
  let turn = 0; // questions are numbered: an answer knows nothing of what has happened since its question
  let phase = "shown"; // warned, hidden (until the server has answered), over
  let told = false; // why it is over
  let ended = 0, doubt = 0; // the first question after the end; the first that can settle what another tab says of it
  let leaving = null; // another tab has begun to sign out
  let hint = ""; // why it is probably over
  let title = "", ours = null, place = [0, 0], about = "", steps = [];
  const covered = new Map();
  let accepted = false; // "Go on until then": said once, it holds for the next pages of this tab, too
  try { accepted = sessionStorage.getItem("sojourn") === "accepted"; } catch { /* storage is forbidden */ }

  const left = (kind) => (state[kind] ? state[kind].left * 1000 - since(learnt) : Infinity);
  const near = (kind) => left(kind) <= (state[kind]?.warning ?? 0) * 1000;
  const soonest = () => (left("absolute") <= left("inactivity") ? "absolute" : "inactivity");

  /* Whether the root is in the page still. What puts another body in its place brings another root, with its script. */
  const life = new AbortController();
  const lives = () => {
    if (!root.isConnected) life.abort();
    return root.isConnected;
  };
  const on = (target, names, act, options) => {
    for (const name of names.split(" "))
      target.addEventListener(name, (event) => lives() && act(event), { ...options, signal: life.signal });
  };

  const tick = () => {
    if (!lives()) return;
    if (phase === "hidden" || phase === "over") entitle(part(phase).textContent);
    if (phase === "over") return;
    const kind = soonest(), rest = left(kind), signingOut = leaving && since(leaving) < 15000;
    if (accepted && !near("absolute")) accept(false);
    if (doubt || signingOut || rest <= (phase === "hidden" ? 1000 : 0)) {
      if (rest <= 0) hint = `${kind}_timeout`;
      hide();
      if ((doubt || signingOut || rest <= 0) && !pending && since(asked) > patience) {
        patience = signingOut ? 1000 : Math.min(patience * 2, 60000); // a server that is down is not pestered
        ask("GET");
      }
    } else if (near(kind) && !(kind === "absolute" && accepted)) {
      // The user may be active where this page cannot see it: nobody is warned on hearsay.
      if (!pending && since(asked) > 15000) ask("GET");
      else if (!pending || phase === "warned") warn(kind, Math.ceil(rest / 1000));
    } else show();
  };

  const ask = async (method, again = true) => {
    pending += 1;
    const sent = { ...mark(), turn: ++turn };
    // The token goes as in a form: a site can call the header otherwise.
    const body = method === "POST" ? new URLSearchParams({ csrfmiddlewaretoken: state.csrf_token }) : undefined;
    const options = { method, body, cache: "no-store", redirect: "error", headers: { Accept: "application/json" } };
    let done = false;
    try {
      const response = await fetch(url, { ...options, signal: AbortSignal.timeout(8000) });
      const problem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
      const over = response.status === 401 && problem;
      const answer = over || response.ok ? await response.json() : {};
      if (!lives()) return false;
      if (over && (answer.reason || !again)) {
        document.dispatchEvent(new CustomEvent("sojourn:told", { detail: answer })); // live.js can say who did it
        finish(answer, false);
      } else if (answer.account) done = learn(answer, sent, method);
      // Somebody signed in again in another tab: the token is another one, and a question may have crossed with it.
      else if ((over || response.status === 403) && again)
        done = (await ask("GET", false)) && (method === "GET" || (await ask(method, false)));
    } catch { /* No connection, or a proxy's page. What is known still holds; when its time is over, it is hidden. */ }
    pending -= 1;
    asked = mark();
    tick();
    return done;
  };

  const learn = (fresh, sent, method) => {
    if (fresh.account !== account) finish({ reason: "switched" }, true);
    if (phase === "over") {
      if (sent.turn >= ended) offer(true); // somebody has signed in again
      return false;
    }
    if (sent.turn >= doubt) doubt = 0;
    if (method === "GET" && sent.steady < learnt.steady) return true; // overtaken, such as by staying
    know(fresh, sent);
    channel.postMessage({ state, wall: sent.wall });
    return true;
  };

  const know = (fresh, when) => {
    [state, learnt] = [fresh, when];
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = state.csrf_token;
  };

  const warn = (kind, seconds) => {
    if (phase === "hidden" || kind !== about) show(); // and opened anew: it says something else, and has another button
    about = kind;
    for (const each of warning.querySelectorAll("[data-when]")) each.hidden = each.dataset.when !== kind;
    const minutes = Math.floor(seconds / 60), rest = seconds % 60;
    part("left").textContent = `${minutes}:${String(rest).padStart(2, "0")}`;
    if (phase !== "warned") {
      phase = "warned";
      warning.showModal();
      steps = [Infinity, 60, 30, 10, 0];
    }
    entitle(part("soon").textContent, true); // for whoever looks at another tab
    // Told at a few steps only: a voice that counts every second drowns everything else.
    if (seconds > steps[0]) return;
    while (seconds <= steps[0]) steps.shift();
    const unit = (n, name) =>
      n ? new Intl.NumberFormat(root.lang, { style: "unit", unit: name, unitDisplay: "long" }).format(n) : "";
    part("said").textContent = `${part("said").dataset.before} ${unit(minutes, "minute")} ${unit(rest, "second")}`;
  };

  const show = () => {
    if (phase === "shown") return;
    uncover();
    warning.close();
    curtain.close();
    if (phase === "hidden") scrollTo({ left: place[0], top: place[1], behavior: "instant" });
    [phase, leaving, hint, patience] = ["shown", null, "", 1000];
    part("failed").hidden = true;
    if (document.title === ours) document.title = title;
    ours = null;
  };

  /* A title can be private, and the page's own scripts may change it at any time. */
  const entitle = (text, keep = false) => {
    if (document.title !== ours) title = document.title;
    document.title = keep ? `${text} – ${title}` : text;
    ours = document.title; // without spaces at its end
  };

  const hide = () => {
    if (phase === "hidden") return;
    [phase, place] = ["hidden", [scrollX, scrollY]];
    entitle(part("hidden").textContent);
    part("reload").href = location.href.split("#")[0]; // an empty one would lead to the page's <base>
    warning.close(); // before the page is covered, for nothing that is covered gets the focus back
    curtain.showModal();
    cover();
  };

  const uncover = () => {
    for (const [element, before] of covered) element.style.setProperty("display", ...before);
    covered.clear();
  };

  const cover = () => {
    for (const element of document.body.children) {
      if (element === root || covered.has(element)) continue;
      const { style } = element;
      covered.set(element, [style.getPropertyValue("display"), style.getPropertyPriority("display")]);
      style.setProperty("display", "none", "important");
    }
  };

  const finish = ({ reason, detail }, signedIn) => {
    // Of two that ask at the same moment only one may be told why, and that may be the later one.
    if (phase === "over" && (told || !reason)) return;
    told = Boolean(reason);
    const why = explanations[reason ?? hint] ?? (reason ? detail : explanations[""]);
    part("reason").textContent = why;
    if (phase !== "over") {
      hide();
      [phase, ended] = ["over", turn + 1];
      document.body.replaceChildren(root); // now it is certain, and nothing is left in the page for anybody to find
      for (const name of ["hidden", "asking"]) part(name).hidden = true;
      part("over").hidden = false;
      offer(signedIn);
      entitle(part("over").textContent);
      if (!signedIn) channel.postMessage({ over: reason ?? hint, why });
      document.dispatchEvent(new CustomEvent("sojourn:over", { detail: {}, cancelable: true })); // live.js need not ask
    }
    curtain.close(); // and opened anew below, so that it is read aloud with what it says now
  };

  const offer = (signedIn) => {
    if (part("again").hidden !== signedIn) curtain.close(); // opened anew, with the focus on what is offered now
    part("again").hidden = signedIn;
    part("reload").hidden = !signedIn;
  };

  const stay = async () => {
    part("failed").hidden = true; // a second failure is said again
    const done = await ask("POST");
    part("failed").hidden = done || phase !== "warned";
  };

  const accept = (value) => {
    accepted = value;
    try { sessionStorage.setItem("sojourn", value ? "accepted" : ""); } catch { /* then it is asked again */ }
  };

  const goOn = () => {
    accept(true);
    channel.postMessage({ accepted });
    tick();
  };

  on(channel, "message", ({ data }) => {
    if (data.accepted) accept(true);
    // An answer that another tab got. Both see the same clock on the wall, so its age is known.
    if (data.state?.account === account && data.wall >= learnt.wall) {
      know(data.state, mark(performance.now() - Math.max(0, Date.now() - data.wall)));
      asked = learnt;
    }
    // Whether it is over for this page as well, the server knows: in the meantime it is hidden.
    if (data.leaving) leaving = mark();
    if (data.over !== undefined || (data.state && data.state.account !== account)) doubt = turn + 1;
    if (data.leaving || data.over) hint = data.over || "logout";
    if (data.over) explanations[data.over] ??= data.why; // for the server says it only once
    tick();
  });

  on(document, "sojourn:over", (event) => { // live.js has heard it
    event.preventDefault();
    finish(event.detail, event.detail.reason === "switched");
  });

  on(root, "click", ({ target }) => {
    if (target.dataset.act === "stay") stay();
    if (target.dataset.act === "go-on") goOn();
  });
  on(warning, "cancel", (event) => {
    event.preventDefault(); // Escape is the harmless answer
    (soonest() === "absolute" ? goOn : stay)();
  });
  // Browsers close a dialog at the second Escape, whatever a page says.
  on(warning, "close", () => phase === "warned" && !warning.open && warning.showModal());
  on(curtain, "close", () => /hidden|over/.test(phase) && !curtain.open && curtain.showModal());
  const changes = new MutationObserver(() => lives() && /hidden|over/.test(phase) && cover());
  changes.observe(document.body, { childList: true }); // the page's own scripts go on, and may add to it

  on(document, "submit", ({ target, defaultPrevented }) => {
    if (defaultPrevented) return;
    if (target.getAttribute("action") === signOut || target.hasAttribute("data-sojourn-sign-out"))
      channel.postMessage({ leaving: true });
  });

  const look = ({ type }) => {
    if (document.visibilityState === "hidden") return;
    tick(); // at once: the timers of hidden tabs are late, and machines sleep
    if (!pending && (type === "online" || since(asked) > 2000)) ask("GET");
  };
  on(document, "visibilitychange resume", look);
  on(window, "online", look);
  on(window, "pageshow", (event) => event.persisted && look(event));

  // Whoever types in a long form is there, although no request says so. Only what a person does counts.
  const active = async (event) => {
    const every = state.report_every * 1000;
    if (!every || !event.isTrusted || phase !== "shown" || pending || (reported && since(reported) < every)) return;
    if (state.inactivity.timeout * 1000 - left("inactivity") < every) return; // the server has heard of it
    const sent = reported = mark();
    if (!(await ask("POST"))) reported = mark(sent.steady - every + 5000); // not heard: again five seconds later
  };
  on(window, "keydown input pointerdown wheel", active, { capture: true, passive: true });

  // A page out of a cache knows only how things were. Any other tells the rest what the server has just said.
  if (swapped || navigation?.transferSize === 0) ask("GET");
  else channel.postMessage({ state, wall: learnt.wall });
  const ticking = setInterval(tick, 1000);
  life.signal.addEventListener("abort", () => {
    clearInterval(ticking);
    uncover();
  });
  tick();
})();
