'use strict';
// Loaded into the deployment tool before its own code, to keep it from two things.

const http = require('node:http');
const https = require('node:https');

// 1. It asks a server, over plain HTTP, which roles to create and which policies to attach to them, and does so with
// the user's keys: whoever sits on the line could ask for any. It also sends usage statistics. Neither is needed to
// deploy; that the role exists is the user's decision (docs/deploy.md). The hosts are API gateways, which are being
// shut down, so that nothing waits for them either.
const REFUSED = /\.apigw\.tencentcs\.com$|\.serverless-platform\.com$/;

class RefusingAgent extends http.Agent {
  createConnection({ host }, done) {
    done(new Error(`${host} is not asked, see deploy/tencent/guard.js`));
  }
}

for (const module of [http, https]) {
  const { request } = module;
  module.request = function guarded(...asked) {
    const host = hostOf(asked);
    return REFUSED.test(host) ? new http.ClientRequest({ host, agent: new RefusingAgent() }) : request.apply(this, asked);
  };
  // Node's own `get` would go past it.
  module.get = function get(...asked) {
    const asking = module.request(...asked);
    asking.end();
    return asking;
  };
}

/** The host of a request as Node's request functions take it: (url | options), or (url, options). */
function hostOf([target, options]) {
  const overriding = options !== null && typeof options === 'object' ? options.hostname || options.host : undefined;
  const host = overriding || (typeof target === 'string' ? new URL(target).hostname : target.hostname || target.host);
  return String(host || '').replace(/:\d+$/, '');
}

// 2. It calls process.exit only where it gives up, but then ends with 0, as if all were done.
const { exit } = process;
process.exit = (code) => exit.call(process, code || process.exitCode || 1);
