'use strict';
// What guard.js refuses, in every way in which Node's request functions may be called.

const test = require('node:test');
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const GUARD = path.join(__dirname, '..', 'guard.js');
const REROUTE = path.join(__dirname, 'reroute.js');
const ROLES = 'service-ocnymoks-1258344699.gz.apigw.tencentcs.com';

/** What becomes of a request in a process with the guard, where every other request meets a closed port. */
async function outcome(request) {
  const code = `${request}.on('error', (error) => process.stdout.write(error.message)).end()`;
  const environment = { PATH: process.env.PATH, CLOUD_PORT: '1' };
  const args = ['--require', REROUTE, '--require', GUARD, '--eval', code];
  return (await promisify(execFile)(process.execPath, args, { env: environment })).stdout;
}

for (const [form, request] of Object.entries({
  'by options': `require('http').request({ host: '${ROLES}', port: '80', path: '/' }, () => {})`,
  'by hostname': `require('https').request({ hostname: '${ROLES}' })`,
  'by address': `require('https').request('https://${ROLES}/release/')`,
  'by address and options': `require('https').request('https://${ROLES}/release/', { method: 'POST' }, () => {})`,
  'by URL': `require('https').request(new URL('https://${ROLES}/'))`,
  'by get': `require('https').get('https://${ROLES}/')`,
  'with a port in the host': `require('http').request({ host: '${ROLES}:80' })`,
})) {
  test(`a request to the server that asks for roles is refused: ${form}`, async () => {
    assert.equal(await outcome(request), `${ROLES} is not asked, see deploy/tencent/guard.js`);
  });
}

test('requests to the API and to buckets go through', async () => {
  for (const host of ['sls.tencentcloudapi.com', 'engine.cos.ap-guangzhou.myqcloud.com', 'apigw.tencentcs.com.example.org']) {
    assert.match(await outcome(`require('https').request('https://${host}/')`), /ECONNREFUSED/, host);
  }
});

test('leaving early without a code is a failure; leaving by itself is none', async () => {
  const run = promisify(execFile);
  const leave = (code) => run(process.execPath, ['--require', GUARD, '--eval', code]).then(() => 0, (error) => error.code);
  assert.deepEqual([await leave('process.exit()'), await leave('process.exit(3)'), await leave('')], [1, 3, 0]);
});
