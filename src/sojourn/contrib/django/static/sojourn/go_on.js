// A long ending goes on by itself, step by step, while its page is open. Without this file there is a button.
document.querySelector("form[data-sojourn-go-on]")?.requestSubmit();
