'use strict';
// The pinned deployment tool itself, run as `make deploy` runs it, with a local server in the place of its engine.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const JSZip = require('jszip');

const { Cloud } = require('./cloud');
const { project, deploy, KEYS } = require('./project');

async function cloudFor(t) {
  const cloud = await new Cloud().start();
  t.after(() => cloud.stop());
  return cloud;
}

/** One deploy with default settings, and files in dist that are nobody's business; looked at by several tests. */
const first = {};
test.before(async () => {
  const secret = 'TENCENT_SECRET_KEY=x';
  const folder = project(test, {
    'dist/.env': secret, 'dist/scf/.env': secret, 'dist/scf/notes.txt': 'x', 'dist/scf/.git/config': 'x', 'dist/other/layer.zip': 'x',
  });
  first.cloud = await new Cloud().start();
  Object.assign(first, await deploy(folder, ['deploy'], { cloud: first.cloud }));
});
test.after(() => first.cloud.stop());

/** What the engine was told to do: [method, instance, inputs], in order. */
function told(cloud) {
  return cloud.calls('RunComponent').map(({ Body }) => {
    const { method, instance } = JSON.parse(Body);
    return [method, instance.instanceName, instance.inputs];
  });
}

/** The files that were uploaded for an instance: path → permissions; without the tool's own list of them. */
async function uploaded(cloud, instance) {
  const [archive] = [...cloud.objects].filter(([key]) => key.endsWith(`/changes/${instance}`)).map(([, bytes]) => bytes);
  const { files } = await JSZip.loadAsync(archive);
  const modes = Object.values(files).filter(({ dir }) => !dir).map(({ name, unixPermissions }) => [name, (unixPermissions & 0o777).toString(8)]);
  return Object.fromEntries(modes.filter(([name]) => name !== 'src.map'));
}

test('make deploy tells the engine of the bucket, then the layer, then the function', () => {
  const { cloud, code, said } = first;
  assert.equal(code, 0, said);
  assert.deepEqual(told(cloud).map(([method, name]) => `${method} ${name}`), ['deploy vision-cos', 'deploy vision-layer', 'deploy vision-scf']);
  assert.match(said, /deploy: done; make -s deploy-url prints the address\n$/);
});

test('make remove goes the other way', async (t) => {
  const cloud = await cloudFor(t);
  const { code, said } = await deploy(project(t), ['remove'], { cloud });
  assert.equal(code, 0, said);
  assert.deepEqual(told(cloud).map(([method, name]) => `${method} ${name}`), ['remove vision-scf', 'remove vision-layer', 'remove vision-cos']);
});

test('the engine is given the settings of .env, and the references to fill in', async (t) => {
  const cloud = await cloudFor(t);
  const folder = project(t, { '.env': fs.readFileSync(path.join(project(t), '.env'), 'utf8') + 'DEPLOY_REGION=ap-tokyo\nDEPLOY_MEMORY_MB=256\n' });
  await deploy(folder, ['deploy'], { cloud });
  const [, , scf] = told(cloud).map(([, , inputs]) => inputs);
  assert.deepEqual([scf.region, scf.memorySize, scf.timeout, scf.initTimeout], ['ap-tokyo', '256', '30', '30']);
  assert.deepEqual(scf.layers, [{
    name: '${output:${stage}:${app}:vision-layer.name}', version: '${output:${stage}:${app}:vision-layer.version}',
  }]);
});

test('of dist, only the layer’s archive and the function’s three files are uploaded, scripts executable', async () => {
  const { cloud } = first;
  assert.deepEqual(await uploaded(cloud, 'vision-cos'), { 'layer.zip': '644' });
  assert.deepEqual(await uploaded(cloud, 'vision-scf'), { bootstrap: '755', scf_bootstrap: '755', 'recognize.wasm': '644' });
});

test('make deploy-web deploys the web function alone, with the same files', async (t) => {
  const cloud = await cloudFor(t);
  const { code, said } = await deploy(project(t), ['deploy', '--web'], { cloud });
  assert.equal(code, 0, said);
  assert.deepEqual(told(cloud).map(([method, name, { type }]) => `${method} ${name} ${type}`), ['deploy vision-web web']);
  assert.deepEqual(await uploaded(cloud, 'vision-web'), { bootstrap: '755', scf_bootstrap: '755', 'recognize.wasm': '644' });
});

test('the tool asks nobody over plain HTTP which roles to make, and reports to nobody', () => {
  const { cloud } = first;
  assert.deepEqual(new Set(cloud.requests.map(({ headers }) => headers['x-meant-scheme'])), new Set(['https']));
  const strangers = cloud.requests.map(({ host }) => host).filter((host) => !/\.(tencentcloudapi|myqcloud)\.com$/.test(host));
  assert.deepEqual(strangers, []);
  assert.deepEqual(cloud.calls('CreateRole'), []);
});

test('a refusal by the engine is a failure, and names the other way', async (t) => {
  const cloud = await cloudFor(t);
  cloud.failing.RunComponent = 'FailedOperation.VersionTooLow';
  const { code, said } = await deploy(project(t), ['deploy'], { cloud });
  assert.equal(code, 1);
  assert.match(said, /RunComponent refused/);
  assert.match(said, /deploy: the deployment tool ended without success; make deploy VIA=api does the same by API calls \(docs\/deploy\.md\)\n$/);
});

test('a missing role, after which the tool ends as if all were well, is a failure', async (t) => {
  const cloud = await cloudFor(t);
  cloud.failing.RunComponent = 'ResourceNotFound.Role';
  const { code, said } = await deploy(project(t), ['deploy'], { cloud });
  assert.equal(code, 1, said);
});

test('wrong keys are a failure before anything is uploaded', async (t) => {
  const cloud = await cloudFor(t);
  cloud.failing.GetUserAppId = 'AuthFailure.SecretIdNotFound';
  const { code } = await deploy(project(t), ['deploy'], { cloud });
  assert.equal(code, 1);
  assert.equal(cloud.objects.size, 0);
});

test('no credential is printed', () => {
  const { said } = first;
  for (const secret of Object.values(KEYS)) assert.ok(!said.includes(secret));
});
