/* Warns before a session's timeouts, in every tab, and hides the page when the session is over.

   A comfort and no protection: the server judges every request by its own clock, whether this file runs or not. So
   nothing here decides that a session lives. What is in doubt is hidden, and the server is asked. */
(() => {
  "use strict";
  const root = document.querySelector("[data-sojourn-timeout]");
  if (!root || root.dataset.started) return; // the tag may stand in a page twice
  root.dataset.started = "yes";
  document.body.append(root); // so that everything beside it can be hidden

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { url, signOut } = root.dataset;
  const explanations = JSON.parse(root.dataset.explanations);
  const warning = part("warning"), curtain = part("curtain");
  const channel = new BroadcastChannel(`sojourn ${url}`);

  /* The clock on the wall may be wrong, and may be set. The steady one may stand still while the machine sleeps. Of the
     time that has passed by each, the longer counts: at worst the server is asked once too often. */
  const mark = (steady = performance.now()) => ({ steady, wall: Date.now() - (performance.now() - steady) });
  const since = (then) => Math.max(performance.now() - then.steady, Date.now() - then.wall);

  let state = JSON.parse(root.dataset.state); // what the server said last
  const account = state.account;
  const navigation = performance.getEntriesByType("navigation")[0];
  let learnt = mark(navigation?.requestStart); // when it was asked: a slow answer must not count as time that is left
  let asked = learnt, reported = null; // the last attempt to ask, and the last report of activity
  let pending = 0, patience = 1000;
  let phase = "shown"; // warned, hidden (until the server has answered), over
  let told = false; // why it is over
  let doubt = false, leaving = null; // another tab says that it is over, or has begun to sign out
  let hint = ""; // why it is probably over
  let title = "", steps = [], covered = [];
  let accepted = false; // "Go on until then": said once, it holds for the next pages of this tab, too
  try { accepted = sessionStorage.getItem("sojourn") === "accepted"; } catch { /* storage is forbidden */ }

  const left = (kind) => (state[kind] ? state[kind].left * 1000 - since(learnt) : Infinity);
  const near = (kind) => left(kind) <= (state[kind]?.warning ?? 0) * 1000;
  const soonest = () => (left("absolute") <= left("inactivity") ? "absolute" : "inactivity");

  const tick = () => {
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
    const sent = mark();
    // The token goes as in a form: a site can call the header otherwise.
    const body = method === "POST" ? new URLSearchParams({ csrfmiddlewaretoken: state.csrf_token }) : undefined;
    const options = { method, body, cache: "no-store", redirect: "error", headers: { Accept: "application/json" } };
    let done = false;
    try {
      const response = await fetch(url, { ...options, signal: AbortSignal.timeout(8000) });
      if (response.status === 401) finish(await response.json(), false);
      else if (response.ok) done = learn(await response.json(), sent);
      // Somebody signed in again in another tab, and so the token is another one.
      else if (response.status === 403 && again) done = (await ask("GET", false)) && (await ask(method, false));
    } catch { /* No connection. What is known still holds; when its time is over, the page is hidden. */ }
    pending -= 1;
    asked = mark();
    tick();
    return done;
  };

  const learn = (fresh, when) => {
    if (fresh.account !== account) finish({ reason: "switched" }, true);
    if (phase === "over") return offer(true);
    [state, learnt, doubt] = [fresh, when, false];
    for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = state.csrf_token;
    channel.postMessage({ state, wall: when.wall });
    return true;
  };

  const warn = (kind, seconds) => {
    if (phase === "hidden") show();
    for (const each of warning.querySelectorAll("[data-when]")) each.hidden = each.dataset.when !== kind;
    const minutes = Math.floor(seconds / 60), rest = seconds % 60;
    part("left").textContent = `${minutes}:${String(rest).padStart(2, "0")}`;
    if (phase !== "warned") {
      phase = "warned";
      warning.showModal();
      steps = [Infinity, 60, 30, 10, 0];
      title = document.title;
      document.title = `${part("soon").textContent} – ${title}`; // for whoever looks at another tab
    }
    // Told at a few steps only: a voice that counts every second drowns everything else.
    if (seconds > steps[0]) return;
    while (seconds <= steps[0]) steps.shift();
    const unit = (n, name) =>
      n ? new Intl.NumberFormat(root.lang, { style: "unit", unit: name, unitDisplay: "long" }).format(n) : "";
    part("said").textContent = `${part("said").dataset.before} ${unit(minutes, "minute")} ${unit(rest, "second")}`;
  };

  const show = () => {
    if (phase === "shown") return;
    for (const [element, display, priority] of covered) element.style.setProperty("display", display, priority);
    [phase, covered, leaving, hint, patience] = ["shown", [], null, "", 1000];
    warning.close();
    curtain.close();
    part("failed").hidden = true;
    document.title = title;
  };

  const hide = () => {
    if (phase === "hidden") return;
    if (phase === "shown") title = document.title;
    phase = "hidden";
    for (const element of document.body.children) {
      if (element === root) continue;
      covered.push([element, element.style.getPropertyValue("display"), element.style.getPropertyPriority("display")]);
      element.style.setProperty("display", "none", "important");
    }
    document.title = part("hidden").textContent; // a title can be private
    warning.close();
    curtain.showModal();
  };

  const finish = ({ reason, detail }, signedIn) => {
    const why = explanations[reason ?? hint] ?? (reason ? detail : explanations[""]);
    // Of two that ask at the same moment only one may be told why, and that may be the later one.
    if (phase === "over" && reason && !told) part("reason").textContent = why;
    told ||= Boolean(reason);
    if (phase === "over") return;
    hide();
    phase = "over";
    document.body.replaceChildren(root); // now it is certain, and nothing is left in the page for anybody to find
    part("reason").textContent = why;
    for (const name of ["hidden", "asking"]) part(name).hidden = true;
    part("over").hidden = false;
    offer(signedIn);
    document.title = part("over").textContent;
    curtain.close(); // and opened anew below, so that it is read aloud with what it says now
    if (!signedIn) channel.postMessage({ over: reason ?? hint });
    document.dispatchEvent(new CustomEvent("sojourn:over", { detail: {}, cancelable: true })); // live.js need not ask
  };

  const offer = (signedIn) => {
    part("again").hidden = signedIn;
    part("reload").hidden = !signedIn;
    return false;
  };

  const stay = async () => {
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

  channel.addEventListener("message", ({ data }) => {
    if (data.accepted) accept(true);
    // An answer that another tab got. Both see the same clock on the wall, so its age is known.
    if (data.state?.account === account && data.wall >= learnt.wall) {
      state = data.state;
      asked = learnt = mark(performance.now() - Math.max(0, Date.now() - data.wall));
    }
    // Whether it is over for this page as well, the server knows: in the meantime it is hidden.
    if (data.leaving) leaving = mark();
    if (data.over !== undefined || (data.state && data.state.account !== account)) doubt = true;
    if (data.leaving || data.over) hint = data.over || "logout";
    tick();
  });

  document.addEventListener("sojourn:over", (event) => { // live.js has heard it
    event.preventDefault();
    if (phase !== "over" || event.detail.reason) finish(event.detail, event.detail.reason === "switched");
  });

  root.addEventListener("click", ({ target }) => {
    if (target.dataset.act === "stay") stay();
    if (target.dataset.act === "go-on") goOn();
  });
  warning.addEventListener("cancel", (event) => {
    event.preventDefault(); // Escape is the harmless answer
    (soonest() === "absolute" ? goOn : stay)();
  });
  // Browsers close a dialog at the second Escape, whatever a page says.
  warning.addEventListener("close", () => phase === "warned" && !warning.open && warning.showModal());
  curtain.addEventListener("close", () => /hidden|over/.test(phase) && !curtain.open && curtain.showModal());

  document.addEventListener("submit", ({ target, defaultPrevented }) => {
    if (defaultPrevented) return;
    if (target.getAttribute("action") === signOut || target.hasAttribute("data-sojourn-sign-out"))
      channel.postMessage({ leaving: true });
  });

  const look = ({ type }) => {
    if (document.visibilityState === "hidden") return;
    tick(); // at once: the timers of hidden tabs are late, and machines sleep
    if (!pending && (type === "online" || since(asked) > 2000)) ask("GET");
  };
  for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, look);
  addEventListener("online", look);
  addEventListener("pageshow", (event) => event.persisted && look(event));

  // Whoever types in a long form is there, although no request says so. Only what a person does counts.
  const active = async (event) => {
    const every = state.report_every * 1000;
    if (!every || !event.isTrusted || phase !== "shown" || pending || (reported && since(reported) < every)) return;
    if (state.inactivity.timeout * 1000 - left("inactivity") < every) return; // the server has heard of it
    const sent = reported = mark();
    if (!(await ask("POST"))) reported = mark(sent.steady - every + 5000); // not heard: again five seconds later
  };
  for (const name of ["keydown", "input", "pointerdown", "wheel"])
    addEventListener(name, active, { capture: true, passive: true });

  // A page out of a cache knows only how things were. Any other tells the rest what the server has just said.
  if (navigation?.transferSize === 0) ask("GET");
  else channel.postMessage({ state, wall: learnt.wall });
  setInterval(tick, 1000);
  tick();
})();
