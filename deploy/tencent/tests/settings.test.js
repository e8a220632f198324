'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const { project, deploy, KEYS, ROOT } = require('./project');
const { load, DEFAULTS } = require('../settings');

const KEY_LINES = Object.entries(KEYS).map(([key, value]) => `${key}=${value}\n`).join('');

/** The problems of an .env with these lines after the keys. */
function problemsOf(t, lines, keys = KEY_LINES) {
  try {
    load(project(t, { '.env': keys + lines }), {});
    return [];
  } catch (error) {
    return error.problems;
  }
}

test('the keys are enough; all else has a default', (t) => {
  assert.deepEqual(load(project(t), {}), { ...DEFAULTS, ...KEYS });
});

test('a variable of the environment wins over its line in .env', (t) => {
  const folder = project(t, { '.env': `${KEY_LINES}DEPLOY_REGION=ap-shanghai\n` });
  assert.equal(load(folder, { DEPLOY_REGION: 'ap-tokyo' }).DEPLOY_REGION, 'ap-tokyo');
});

test('keys from the environment do without .env', (t) => {
  assert.equal(load(project(t, { '.env': null }), KEYS).DEPLOY_MEMORY_MB, '512');
});

test('.env.example has every default, and no key', (t) => {
  const example = fs.readFileSync(path.join(ROOT, '.env.example'), 'utf8');
  assert.deepEqual(problemsOf(t, '', example), [
    'TENCENT_SECRET_ID and TENCENT_SECRET_KEY missing: fill in .env (docs/deploy.md says where to get them)',
  ]);
  const filled = example.replace(/^TENCENT_SECRET_\w+=$/gm, (line) => line + KEYS[line.slice(0, -1)]);
  assert.deepEqual(load(project(t, { '.env': filled }), {}), { ...DEFAULTS, ...KEYS });
});

test('every line that .env.example leaves out of use is accepted when it is put to use', (t) => {
  const example = fs.readFileSync(path.join(ROOT, '.env.example'), 'utf8');
  const all = example.replace(/^# (DEPLOY_)/gm, '$1').replace(/^TENCENT_SECRET_\w+=$/gm, (line) => line + KEYS[line.slice(0, -1)]);
  assert.deepEqual(problemsOf(t, '', all), []);
});

test('without .env it says how to get one', async (t) => {
  const { code, said } = await deploy(project(t, { '.env': null }), ['check']);
  assert.equal(said, 'deploy: .env is missing: copy .env.example to .env and fill in the two keys (docs/deploy.md)\n');
  assert.equal(code, 2);
});

test('a missing key is named', (t) => {
  assert.match(problemsOf(t, '', 'TENCENT_SECRET_ID=AKIDmadeUpForTheTests000000000000000\n')[0], /^TENCENT_SECRET_KEY missing/);
});

test('swapped keys are noticed', (t) => {
  const swapped = `TENCENT_SECRET_ID=${KEYS.TENCENT_SECRET_KEY}\nTENCENT_SECRET_KEY=${KEYS.TENCENT_SECRET_ID}\n`;
  assert.deepEqual(problemsOf(t, '', swapped), ['TENCENT_SECRET_KEY starts with AKID, as ids do: are the two swapped?']);
});

test('what is no key is not printed, only what a key looks like', async (t) => {
  const folder = project(t, { '.env': 'TENCENT_SECRET_ID=my account\nTENCENT_SECRET_KEY="hunter2 hunter2 hunter2"\n' });
  const { code, said } = await deploy(folder, ['check']);
  assert.equal(code, 2);
  assert.match(said, /TENCENT_SECRET_ID is no key id: one starts with AKID/);
  assert.match(said, /TENCENT_SECRET_KEY is no key:/);
  assert.doesNotMatch(said, /hunter2|my account/);
});

test('a comment behind a value, which the tool would take for a part of it, is refused', (t) => {
  assert.match(problemsOf(t, 'DEPLOY_MEMORY_MB=512 # plenty\n')[0], /^DEPLOY_MEMORY_MB is 512 # plenty; the platform takes 64/);
});

test('an unknown region is answered with the known ones', (t) => {
  const [problem] = problemsOf(t, 'DEPLOY_REGION=ap-guangzou\n');
  assert.match(problem, /^DEPLOY_REGION is ap-guangzou; SCF's regions are ap-guangzhou, ap-shanghai/);
  assert.deepEqual(problemsOf(t, 'DEPLOY_REGION=ap-newtown\nDEPLOY_ANY_REGION=1\n'), []);
});

test('memory is what the platform sells', (t) => {
  for (const good of ['64', '128', '512', '3072']) assert.deepEqual(problemsOf(t, `DEPLOY_MEMORY_MB=${good}\n`), [], good);
  for (const bad of ['0', '100', '192', '3200', '512MB', '-128']) assert.equal(problemsOf(t, `DEPLOY_MEMORY_MB=${bad}\n`).length, 1, bad);
});

test('times are whole seconds within the platform’s limits', (t) => {
  assert.deepEqual(problemsOf(t, 'DEPLOY_TIMEOUT_S=900\nDEPLOY_INIT_TIMEOUT_S=300\n'), []);
  assert.deepEqual(problemsOf(t, 'DEPLOY_TIMEOUT_S=901\nDEPLOY_INIT_TIMEOUT_S=2\n'), [
    'DEPLOY_TIMEOUT_S is 901; the platform takes whole seconds from 1 to 900',
    'DEPLOY_INIT_TIMEOUT_S is 2; the platform takes whole seconds from 3 to 300',
  ]);
});

test('the bucket of pictures is given by its full domain and lies in the function’s region', (t) => {
  assert.match(problemsOf(t, 'DEPLOY_PICTURES=pictures\n')[0], /full domain, such as pictures-1250000000\.cos\./);
  const [problem] = problemsOf(t, 'DEPLOY_PICTURES=pictures-1250000000.cos.ap-tokyo.myqcloud.com\n');
  assert.match(problem, /must lie in DEPLOY_REGION, ap-guangzhou$/);
});

test('an optional line without a value is refused, for it would reach the platform as an empty name', (t) => {
  assert.deepEqual(problemsOf(t, 'DEPLOY_ROLE=\n'), ['DEPLOY_ROLE is empty: fill it in, or take the line out of .env']);
});

test('the function is one that make package packs, and its options stand as in a URL', (t) => {
  for (const name of ['recognize', 'cutout', 'thumbnail']) assert.deepEqual(problemsOf(t, `DEPLOY_FUNCTION=${name}\n`), [], name);
  assert.deepEqual(problemsOf(t, 'DEPLOY_FUNCTION=cutouts\n'), ['DEPLOY_FUNCTION is cutouts; known are recognize, cutout, thumbnail']);
  assert.deepEqual(problemsOf(t, 'DEPLOY_QUERY=sizes=160,480&fit=cover\n'), []);
  for (const bad of ['size', 'size=1 2', 'a=1&']) assert.match(problemsOf(t, `DEPLOY_QUERY=${bad}\n`)[0], /accepted is what stands in a URL/, bad);
});

test('a package that was not made is named', async (t) => {
  const { code, said } = await deploy(project(t), ['deploy'], { environment: { DEPLOY_FUNCTION: 'thumbnail' } });
  assert.equal(said, 'deploy: dist/scf-thumbnail.zip is missing: run make package first\n');
  assert.equal(code, 2);
});

test('a misspelt setting is not passed over', (t) => {
  assert.match(problemsOf(t, 'DEPLOY_MEMORY=1024\n')[0], /^DEPLOY_MEMORY is unknown; known are DEPLOY_REGION, DEPLOY_MEMORY_MB/);
});

test('an APPID has digits only', (t) => {
  assert.match(problemsOf(t, 'TENCENT_APP_ID=me\n')[0], /^TENCENT_APP_ID is no APPID/);
  assert.deepEqual(problemsOf(t, 'TENCENT_APP_ID=1250000000\n'), []);
});

test('all problems are told at once', (t) => {
  assert.equal(problemsOf(t, 'DEPLOY_REGION=moon\nDEPLOY_MEMORY_MB=1\nDEPLOY_TIMEOUT_S=0\n').length, 3);
});

test('nothing is deployed without the archives of make package', async (t) => {
  const folder = project(t);
  fs.rmSync(path.join(folder, 'dist', 'layer.zip'));
  const { code, said } = await deploy(folder, ['deploy']);
  assert.equal(said, 'deploy: dist/layer.zip is missing: run make package first\n');
  assert.equal(code, 2);
});

test('a start script that lost its executable bit is not deployed', async (t) => {
  const folder = project(t);
  fs.chmodSync(path.join(folder, 'dist/scf/bootstrap'), 0o644);
  const { code, said } = await deploy(folder, ['deploy']);
  assert.match(said, /^deploy: dist\/scf\/bootstrap is not executable/);
  assert.equal(code, 2);
});

test('an unknown command or way is a usage error', async (t) => {
  const folder = project(t);
  assert.deepEqual(await deploy(folder, ['undeploy']), { code: 2, said: 'deploy: one of check, deploy, remove, url, site is wanted\n' });
  assert.deepEqual(await deploy(folder, ['deploy', '--via', 'ftp']), { code: 2, said: 'deploy: --via is ftp; known are tool and api\n' });
});
