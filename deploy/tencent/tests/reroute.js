'use strict';
// Sends every outgoing HTTP and HTTPS request of a process to the local server on port CLOUD_PORT, which learns from a
// header whom it was meant for. Nothing of the process reaches the network.

const http = require('node:http');
const https = require('node:https');

const plainRequest = http.request;

function reroute(scheme) {
  return function request(...asked) {
    const callback = asked.find((argument) => typeof argument === 'function');
    const options = asked.filter((argument) => typeof argument !== 'function').reduce((all, one) => {
      if (typeof one !== 'string' && !(one instanceof URL)) return { ...all, ...one };
      const url = new URL(one);
      return { ...all, hostname: url.hostname, path: url.pathname + url.search };
    }, {});
    const meantFor = String(options.hostname || options.host).replace(/:\d+$/, '');
    const { agent, agents, socketPath, createConnection, ...kept } = options;
    const sent = plainRequest.call(http, {
      ...kept, protocol: 'http:', host: '127.0.0.1', hostname: '127.0.0.1', port: Number(process.env.CLOUD_PORT),
    }, callback);
    sent.setHeader('x-meant-for', meantFor);
    sent.setHeader('x-meant-scheme', scheme);
    return sent;
  };
}

http.request = reroute('http');
https.request = reroute('https');
for (const module of [http, https]) {
  module.get = function get(...asked) {
    const sent = module.request(...asked);
    sent.end();
    return sent;
  };
}
