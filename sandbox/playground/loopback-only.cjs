// Loaded before the chat client (node --require). The client has no option for the address it
// listens on and takes all of them; it also reports usage to its maker. On a development machine
// neither is wanted: listen on 127.0.0.1 only, connect to this machine only.
"use strict";

const net = require("node:net");

const LOOPBACK = "127.0.0.1";

function isLoopback(host) {
  return /^(localhost|127(\.\d{1,3}){3}|(::ffff:)?127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

// listen() and connect() take (port, host), ({port, host}) and (path) alike; Node's own
// normaliser turns each into [options, callback].
const { _normalizeArgs: normalizeArgs } = net;

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function listenOnLoopback(...args) {
  const [options, callback] = normalizeArgs(args);
  const isPort = options.port !== undefined && options.path === undefined;
  return isPort
    ? listen.call(this, { ...options, host: LOOPBACK }, callback)
    : listen.apply(this, args);
};

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function connectToLoopback(...args) {
  // net.connect() and tls.connect() pass arguments that are normalised already.
  const [options] = Array.isArray(args[0]) ? args[0] : normalizeArgs(args);
  if (options.path || isLoopback(options.host ?? "localhost")) {
    return connect.apply(this, args);
  }
  const refusal = new Error(`Only this machine may be reached, not ${options.host}`);
  refusal.code = "ECONNREFUSED";
  process.nextTick(() => this.destroy(refusal));
  return this;
};

// Whoever started us holds the other end of our standard input. When they are gone, so are we,
// even if they had no chance to say so.
if (process.env.EXIT_WITH_STDIN === "1") {
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
}
