'use strict';
// A project folder to deploy from: our YAML files, archives as `make package` leaves them, an .env with made-up keys.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..', '..', '..');
const YAML = ['serverless.yml', 'cos/serverless.yml', 'layer/serverless.yml', 'scf/serverless.yml', 'scf/web/serverless.yml', 'website/serverless.yml'];
const KEYS = { TENCENT_SECRET_ID: 'AKIDmadeUpForTheTests000000000000000', TENCENT_SECRET_KEY: 'madeUpSecretOfTheTests0000000000' };
const DIST = {
  'layer.zip': 'bytes of the layer', 'scf.zip': 'bytes of the function', 'recognize.wasm': 'wasm',
  'layer/vision/bin/vision': 'program', 'scf/bootstrap': '#!/bin/sh\n', 'scf/scf_bootstrap': '#!/bin/sh\n',
  'scf/recognize.wasm': 'wasm', 'scf-cutout.zip': 'bytes of the other', 'scf-cutout/bootstrap': '#!/bin/sh\n',
  'scf-cutout/scf_bootstrap': '#!/bin/sh\n', 'scf-cutout/cutout.wasm': 'wasm', 'web/index.html': '<p>the page of make package</p>',
};

/** Makes the folder; `t` removes it after the test. `files` replaces or adds files, null leaves one out. */
function project(t, files = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vision-deploy-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const contents = Object.fromEntries(YAML.map((name) => [name, fs.readFileSync(path.join(ROOT, name), 'utf8')]));
  for (const [name, text] of Object.entries(DIST)) contents[`dist/${name}`] = text;
  contents['.env'] = Object.entries(KEYS).map(([key, value]) => `${key}=${value}\n`).join('');
  for (const [name, text] of Object.entries({ ...contents, ...files })) {
    if (text === null) continue;
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
    if (/bootstrap$/.test(name)) fs.chmodSync(path.join(folder, name), 0o755);
  }
  return folder;
}

/** Runs `node deploy/tencent/main.js …` on a project, with `cloud` in the place of all hosts; resolves to {code, said}. */
function deploy(folder, args, { cloud, environment = {} } = {}) {
  const { PATH } = process.env;
  const reroute = cloud ? { NODE_OPTIONS: `--require=${path.join(__dirname, 'reroute.js')}`, CLOUD_PORT: String(cloud.port) } : {};
  const child = spawn(process.execPath, [path.join(ROOT, 'deploy', 'tencent', 'main.js'), ...args], {
    env: { PATH, HOME: folder, VISION_PROJECT: folder, ...reroute, ...environment },
  });
  let said = '';
  child.stdout.on('data', (piece) => { said += piece; });
  child.stderr.on('data', (piece) => { said += piece; });
  return new Promise((resolve) => { child.on('close', (code) => resolve({ code, said })); });
}

module.exports = { project, deploy, KEYS, ROOT };
