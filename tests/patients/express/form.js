// An Express with express-session and a form, as in the example that express-session comes with.
"use strict";
const express = require("express");
const session = require("express-session");

const [, , user, password] = process.argv;
const app = express();
app.use(session({ secret: "of a patient", resave: false, saveUninitialized: false }));

function isAuthenticated(request, response, next) {
  if (request.session.user) next();
  else next("route");
}

app.get("/", isAuthenticated, (request, response) => {
  response.send(`hello, ${request.session.user}! <a href="/logout">Logout</a>`);
});

app.get("/", (request, response) => {
  response.send(
    '<form action="/login" method="post">Username: <input name="user"><br>' +
      'Password: <input name="pass" type="password"><br><input type="submit" value="Login"></form>',
  );
});

app.post("/login", express.urlencoded({ extended: false }), (request, response, next) => {
  if (request.body.user !== user || request.body.pass !== password) return response.status(401).send("wrong password");
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.user = request.body.user;
    request.session.save((failure) => (failure ? next(failure) : response.redirect("/")));
  });
});

app.get("/logout", (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : response.redirect("/")));
});

const server = app.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  console.log(url, url);
});
process.stdin.on("end", () => process.exit(0)).resume();
