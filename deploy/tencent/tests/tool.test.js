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

test('make deploy tells the engine of the bucket, then the layer, then the function, then the page', () => {
  const { cloud, code, said } = first;
  assert.equal(code, 0, said);
  assert.deepEqual(told(cloud).map(([method, name]) => `${method} ${name}`), ['deploy vision-cos', 'deploy vision-layer', 'deploy vision-scf', 'deploy vision-website']);
  assert.match(said, /deploy: done, but the function has no URL yet, which the page needs/);
});

test('make remove goes the other way', async (t) => {
  const cloud = await cloudFor(t);
  const { code, said } = await deploy(project(t), ['remove'], { cloud });
  assert.equal(code, 0, said);
  assert.deepEqual(told(cloud).map(([method, name]) => `${method} ${name}`), ['remove vision-website', 'remove vision-scf', 'remove vision-layer', 'remove vision-cos']);
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

test('another function is deployed with the files of its own package, without the page', async (t) => {
  const cloud = await cloudFor(t);
  const { code, said } = await deploy(project(t), ['deploy'], { cloud, environment: { DEPLOY_FUNCTION: 'cutout' } });
  assert.equal(code, 0, said);
  assert.deepEqual(told(cloud).map(([, name]) => name), ['vision-cos', 'vision-layer', 'vision-scf']);
  assert.deepEqual(await uploaded(cloud, 'vision-scf'), { bootstrap: '755', 'cutout.wasm': '644', scf_bootstrap: '755' });
  const [, , { environment }] = told(cloud).find(([, name]) => name === 'vision-scf');
  assert.equal(environment.variables.VISION_COS_OUTPUT_NAME, 'cutout');
});

/** A cloud in which the engine, as the real one does, gives the function its trigger. */
async function cloudWithTrigger(t) {
  const cloud = await cloudFor(t);
  cloud.triggersOfTheEngine = true;
  return cloud;
}

test('at first the page goes up twice: its address of the function is known only then', async (t) => {
  const cloud = await cloudWithTrigger(t);
  const folder = project(t);
  const { code, said } = await deploy(folder, ['deploy'], { cloud });
  assert.equal(code, 0, said);
  const names = () => told(cloud).map(([, name]) => name);
  assert.deepEqual(names(), ['vision-cos', 'vision-layer', 'vision-scf', 'vision-website', 'vision-website']);
  const page = fs.readFileSync(path.join(folder, 'dist/web/index.html'), 'utf8');
  assert.ok(page.includes('<meta name="service" content="https://1250000000-abc.ap-guangzhou.tencentscf.com/">'), page.slice(0, 400));
  assert.match(said, /deploy: done; make -s deploy-url prints the address, make -s deploy-site-url that of the page\n$/);
  cloud.requests.length = 0;
  await deploy(folder, ['deploy'], { cloud });
  assert.deepEqual(names(), ['vision-cos', 'vision-layer', 'vision-scf', 'vision-website']);
});

test('the whole page is uploaded, and the function is named to it by reference', async (t) => {
  const cloud = await cloudWithTrigger(t);
  await deploy(project(t), ['deploy'], { cloud });
  const files = Object.keys(await uploaded(cloud, 'vision-website'));
  for (const file of ['index.html', 'history.html', 'assets/style.css', 'assets/scripts/recognize.js']) assert.ok(files.includes(file), file);
  const [inputs] = told(cloud).filter(([, name]) => name === 'vision-website').map(([, , given]) => given);
  assert.deepEqual([inputs.bucket, inputs.env], ['wasm-vision-web-${stage}', { FUNCTION: '${output:${stage}:${app}:vision-scf.functionName}' }]);
});

test('make deploy-site-url prints where the page is', async (t) => {
  const cloud = await cloudFor(t);
  const said = 'https://wasm-vision-web-dev-1250000000.cos-website.ap-guangzhou.myqcloud.com\n';
  assert.deepEqual(await deploy(project(t), ['site'], { cloud }), { code: 0, said });
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
