'use strict';
// Deploys by API: what reaches the cloud, recorded by a local server.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const { Cloud, APP_ID } = require('./cloud');
const { project, deploy, KEYS, ROOT } = require('./project');

async function cloudFor(t) {
  const cloud = await new Cloud().start();
  t.after(() => cloud.stop());
  return cloud;
}

/** One first deploy with default settings, looked at by several tests. */
const first = {};
test.before(async () => {
  first.cloud = await new Cloud().start();
  const folder = project(test);
  Object.assign(first, await deploy(folder, ['deploy', '--via', 'api'], { cloud: first.cloud }));
});
test.after(() => first.cloud.stop());

/** The parameters as they were meant: without signature and the like. */
function meant({ Action, Version, Region, Nonce, Timestamp, SecretId, RequestClient, Signature, ...parameters }) {
  return parameters;
}

/** scf/serverless.yml with the block of comments under this heading put to use. */
function withBlock(heading) {
  const lines = fs.readFileSync(path.join(ROOT, 'scf/serverless.yml'), 'utf8').split('\n');
  let line = lines.findIndex((text) => text.startsWith(`    ## ${heading}`));
  assert.notEqual(line, -1, `scf/serverless.yml has the heading: ${heading}`);
  while (lines[line].startsWith('    ## ')) line += 1;
  for (; lines[line].startsWith('    # '); line += 1) lines[line] = lines[line].replace('# ', '');
  return lines.join('\n');
}

test('a first deploy uploads, publishes, creates, and opens the URL, in this order', () => {
  const { cloud, code, said } = first;
  assert.equal(code, 0, said);
  assert.deepEqual(cloud.changes(), ['PublishLayerVersion', 'CreateFunction', 'CreateTrigger']);
  assert.ok(said.endsWith(`https://${APP_ID}-abc.ap-guangzhou.tencentscf.com\n`), said);
});

test('the archives reach the cloud byte for byte', () => {
  const { cloud } = first;
  const host = '.cos.ap-guangzhou.myqcloud.com';
  const layer = cloud.objects.get(`wasm-vision-dev-${APP_ID}${host}/layer.zip`);
  assert.equal(String(layer), 'bytes of the layer');
  const [key] = [...cloud.objects.keys()].filter((name) => name.includes('/scf-'));
  assert.match(key, new RegExp(`^wasm-vision-dev-code-${APP_ID}\\.cos\\.ap-guangzhou\\.myqcloud\\.com/scf-[0-9a-f]{16}\\.zip$`));
  assert.equal(String(cloud.objects.get(key)), 'bytes of the function');
});

test('the layer is published from the bucket, for the custom runtime', () => {
  const { cloud } = first;
  assert.deepEqual(cloud.calls('PublishLayerVersion').map(meant), [{
    LayerName: 'wasm-vision-dev',
    Description: 'The runtime of the function',
    'CompatibleRuntimes.0': 'CustomRuntime',
    // The API appends the APPID to a bucket's name itself.
    'Content.CosBucketName': 'wasm-vision-dev',
    'Content.CosObjectName': '/layer.zip',
    LicenseInfo: '',
  }]);
});

test('another function is another archive, with its options, and no page', async (t) => {
  const cloud = await cloudFor(t);
  const environment = { DEPLOY_FUNCTION: 'cutout', DEPLOY_QUERY: 'size=1024&background=blur' };
  const { code, said } = await deploy(project(t), ['deploy', '--via', 'api'], { cloud, environment });
  assert.equal(code, 0, said);
  const [created] = cloud.calls('CreateFunction').map(meant);
  const variables = [0, 1, 2].map((n) => [created[`Environment.Variables.${n}.Key`], created[`Environment.Variables.${n}.Value`]]);
  assert.deepEqual(Object.fromEntries(variables), {
    VISION_LOG: 'info', VISION_QUERY: 'size=1024&background=blur', VISION_COS_OUTPUT_NAME: 'cutout',
  });
  const put = [...cloud.objects].filter(([key]) => key.includes('/scf-')).map(([, bytes]) => String(bytes));
  assert.deepEqual(put, ['bytes of the other']);
  assert.ok(![...cloud.objects.keys()].some((key) => key.endsWith('index.html')), 'no page');
});

test('the function is an event function with our settings and the layer just published', async (t) => {
  const cloud = await cloudFor(t);
  const environment = { DEPLOY_MEMORY_MB: '1024', DEPLOY_TIMEOUT_S: '20', DEPLOY_INIT_TIMEOUT_S: '40', DEPLOY_LOG: 'warn' };
  cloud.layerVersions.set('wasm-vision-dev', 6);
  await deploy(project(t), ['deploy', '--via', 'api'], { cloud, environment });
  const [created] = cloud.calls('CreateFunction').map(meant);
  const { 'Code.CosObjectName': object, ...rest } = created;
  assert.match(object, /^\/scf-[0-9a-f]{16}\.zip$/);
  assert.deepEqual(rest, {
    FunctionName: 'wasm-vision-dev',
    Description: 'Names what is on a picture',
    Type: 'Event',
    DeployMode: 'code',
    Runtime: 'CustomRuntime',
    Handler: 'recognize.wasm',
    Namespace: 'default',
    MemorySize: '1024',
    Timeout: '20',
    InitTimeout: '40',
    DiskSize: '512',
    'Code.CosBucketName': 'wasm-vision-dev-code',
    'Layers.0.LayerName': 'wasm-vision-dev',
    'Layers.0.LayerVersion': '7',
    'Environment.Variables.0.Key': 'VISION_LOG',
    'Environment.Variables.0.Value': 'warn',
    'PublicNetConfig.PublicNetStatus': 'ENABLE',
    'PublicNetConfig.EipConfig.EipStatus': 'DISABLE',
    L5Enable: 'FALSE',
    InstallDependency: 'FALSE',
  });
});

test('the trigger is a function URL, open to the internet, with CORS answered by the platform', () => {
  const { cloud } = first;
  const [{ TriggerDesc, ...trigger }] = cloud.calls('CreateTrigger').map(meant);
  assert.deepEqual(trigger, {
    FunctionName: 'wasm-vision-dev', Namespace: 'default', Type: 'http', TriggerName: 'url-trigger', Qualifier: '$DEFAULT', Enable: 'OPEN',
  });
  assert.deepEqual(JSON.parse(TriggerDesc), {
    AuthType: 'NONE',
    NetConfig: { EnableIntranet: false, EnableExtranet: true },
    CorsConfig: {
      Enable: true, Origins: ['*'], Methods: ['GET', 'POST', 'OPTIONS'], Headers: ['content-type', 'accept', 'accept-language'],
      ExposeHeaders: ['*'], Credentials: false, MaxAge: 600,
    },
  });
});

test('the page is a public website that knows the function’s address', () => {
  const { cloud } = first;
  const host = `wasm-vision-web-dev-${APP_ID}.cos.ap-guangzhou.myqcloud.com`;
  const ofSite = cloud.requests.filter((request) => request.host === host && request.method === 'PUT');
  const [website] = ofSite.filter(({ path: where }) => where.startsWith('/?website'));
  assert.match(String(website.body), /<Suffix>index\.html<\/Suffix>/);
  assert.ok(ofSite.some(({ path: where, headers }) => where.startsWith('/?acl') && headers['x-cos-acl'] === 'public-read'));
  const page = String(cloud.objects.get(`${host}/index.html`));
  assert.ok(page.includes(`<meta name="service" content="https://${APP_ID}-abc.ap-guangzhou.tencentscf.com/">`), page.slice(0, 600));
  assert.ok(cloud.objects.has(`${host}/assets/scripts/recognize.js`));
  const types = Object.fromEntries(ofSite.map(({ path: where, headers }) => [where, headers['content-type']]));
  assert.match(types['/index.html'], /^text\/html/);
  assert.match(types['/assets/scripts/recognize.js'], /javascript$/);
  assert.match(types['/assets/style.css'], /^text\/css/);
});

test('a page whose function has a bucket for uploads may go there', async (t) => {
  const cloud = await cloudFor(t);
  const yaml = fs.readFileSync(path.join(ROOT, 'scf/serverless.yml'), 'utf8');
  const withBucket = yaml.replace('    variables:\n', '    variables:\n      VISION_UPLOAD_BUCKET: pictures-1250000000\n');
  assert.notEqual(withBucket, yaml);
  const { code, said } = await deploy(project(t, { 'scf/serverless.yml': withBucket }), ['deploy', '--via', 'api'], { cloud });
  assert.equal(code, 0, said);
  const page = String(cloud.objects.get(`wasm-vision-web-dev-${APP_ID}.cos.ap-guangzhou.myqcloud.com/index.html`));
  assert.match(page, /connect-src 'self' https:\S+tencentscf\.com https:\/\/pictures-1250000000\.cos\.ap-guangzhou\.myqcloud\.com;/);
});

test('what the API is told of a bucket leads to what was uploaded', () => {
  const { cloud } = first;
  const named = [...cloud.calls('PublishLayerVersion'), ...cloud.calls('CreateFunction')].map((call) => {
    const part = call.Action === 'CreateFunction' ? 'Code' : 'Content';
    return `${call[`${part}.CosBucketName`]}-${APP_ID}.cos.ap-guangzhou.myqcloud.com${call[`${part}.CosObjectName`]}`;
  });
  assert.equal(named.length, 2);
  for (const name of named) assert.ok(cloud.objects.has(name), name);
});

test('descriptions have only what the API allows: letters, digits, blanks, commas and full stops', () => {
  const { cloud } = first;
  for (const { Description } of [...cloud.calls('PublishLayerVersion'), ...cloud.calls('CreateFunction')]) {
    assert.match(Description, /^[\p{L}\p{N} ,.]{1,1000}$/u);
  }
});

test('a second deploy publishes a new version of the layer and updates what is there', async (t) => {
  const cloud = await cloudFor(t);
  const folder = project(t);
  await deploy(folder, ['deploy', '--via', 'api'], { cloud });
  cloud.requests.length = 0;
  const { code, said } = await deploy(folder, ['deploy', '--via', 'api'], { cloud });
  assert.equal(code, 0, said);
  assert.deepEqual(cloud.changes(), ['PublishLayerVersion', 'UpdateFunctionCode', 'UpdateFunctionConfiguration', 'UpdateTrigger']);
  assert.equal(cloud.calls('UpdateFunctionConfiguration')[0]['Layers.0.LayerVersion'], '2');
});

test('the block for pictures in a bucket, put to use, makes a COS trigger and a run role', async (t) => {
  const cloud = await cloudFor(t);
  const environment = { DEPLOY_ROLE: 'wasm-vision-run', DEPLOY_PICTURES: 'pictures-1250000000.cos.ap-guangzhou.myqcloud.com' };
  const folder = project(t, { 'scf/serverless.yml': withBlock('Pictures put into a bucket') });
  const { code, said } = await deploy(folder, ['deploy', '--via', 'api'], { cloud, environment });
  assert.equal(code, 0, said);
  const triggers = cloud.calls('CreateTrigger').map(meant);
  assert.deepEqual(triggers.map(({ Type }) => Type), ['http', 'cos']);
  const { TriggerDesc, ...trigger } = triggers[1];
  assert.deepEqual(trigger, {
    FunctionName: 'wasm-vision-dev', Namespace: 'default', Type: 'cos', TriggerName: environment.DEPLOY_PICTURES, Qualifier: '$DEFAULT', Enable: 'OPEN',
  });
  assert.deepEqual(JSON.parse(TriggerDesc), { event: 'cos:ObjectCreated:*', filter: { Prefix: 'in/', Suffix: '.jpg' } });
  assert.equal(cloud.calls('CreateFunction')[0].Role, 'wasm-vision-run');
});

test('the block for the API gateway, put to use, is read by the tool', (t) => {
  const folder = project(t, { 'scf/serverless.yml': withBlock('Legacy, instead of the URL: an API gateway') });
  const stack = require('../stack');
  const { events } = stack.read([path.join(folder, 'scf')])['vision-scf'].inputs;
  assert.deepEqual(events.map((event) => Object.keys(event)[0]), ['http', 'apigw']);
  const [endpoint] = events[1].apigw.parameters.endpoints;
  assert.deepEqual([endpoint.method, endpoint.function.isIntegratedResponse], ['POST', true]);
});

test('the web function is of type HTTP and leaves CORS to the runtime', async (t) => {
  const cloud = await cloudFor(t);
  const { code, said } = await deploy(project(t), ['deploy', '--web', '--via', 'api'], { cloud });
  assert.equal(code, 0, said);
  const [, web] = cloud.calls('CreateFunction').map(meant);
  assert.deepEqual(
    [web.FunctionName, web.Type, web.Runtime, web['Layers.0.LayerName'], web['Layers.0.LayerVersion'], web.Handler],
    ['wasm-vision-web-dev', 'HTTP', 'CustomRuntime', 'wasm-vision-dev', '1', undefined],
  );
  assert.deepEqual([web['Environment.Variables.1.Key'], web['Environment.Variables.1.Value']], ['VISION_CORS_ORIGIN', '*']);
  const [, trigger] = cloud.calls('CreateTrigger');
  assert.deepEqual(JSON.parse(trigger.TriggerDesc), { AuthType: 'NONE', NetConfig: { EnableIntranet: false, EnableExtranet: true } });
});

test('remove takes away the function, every version of the layer, and the buckets', async (t) => {
  const cloud = await cloudFor(t);
  const folder = project(t);
  await deploy(folder, ['deploy', '--via', 'api'], { cloud });
  await deploy(folder, ['deploy', '--via', 'api'], { cloud });
  cloud.requests.length = 0;
  const { code, said } = await deploy(folder, ['remove', '--via', 'api'], { cloud });
  assert.equal(code, 0, said);
  assert.deepEqual(cloud.changes(), ['DeleteFunction', 'DeleteLayerVersion', 'DeleteLayerVersion']);
  const buckets = cloud.requests.filter(({ method }) => method === 'DELETE').map(({ host }) => host.split('.')[0]);
  assert.deepEqual(buckets, [`wasm-vision-web-dev-${APP_ID}`, `wasm-vision-dev-code-${APP_ID}`, `wasm-vision-dev-${APP_ID}`]);
});

test('removing what is not there is no error', async (t) => {
  const cloud = await cloudFor(t);
  const { code, said } = await deploy(project(t), ['remove', '--via', 'api'], { cloud });
  assert.equal(code, 0, said);
});

test('url finds the address in the function’s triggers, in whatever field', async (t) => {
  const cloud = await cloudFor(t);
  const folder = project(t);
  const before = await deploy(folder, ['url'], { cloud });
  assert.match(before.said, /wasm-vision-dev has no URL yet: deploy first/);
  await deploy(folder, ['deploy', '--via', 'api'], { cloud });
  assert.deepEqual(await deploy(folder, ['url'], { cloud }), { code: 0, said: `https://${APP_ID}-abc.ap-guangzhou.tencentscf.com\n` });
});

test('a refusal by the cloud ends the deploy with the cloud’s reason', async (t) => {
  const cloud = await cloudFor(t);
  cloud.failing.CreateFunction = 'LimitExceeded.Function';
  const { code, said } = await deploy(project(t), ['deploy', '--via', 'api'], { cloud });
  assert.equal(code, 1);
  assert.match(said, /^deploy: .*CreateFunction refused/m);
  assert.deepEqual(cloud.calls('CreateTrigger'), []);
});

test('temporary keys are sent with their token, and a known APPID is not asked for', async (t) => {
  const cloud = await cloudFor(t);
  const environment = { TENCENT_TOKEN: 'madeUpToken', TENCENT_APP_ID: '1251111111' };
  const { code, said } = await deploy(project(t), ['deploy', '--via', 'api'], { cloud, environment });
  assert.equal(code, 0, said);
  assert.deepEqual(cloud.calls('GetUserAppId'), []);
  for (const { host, parameters, headers } of cloud.requests) {
    assert.equal(parameters ? parameters.Token : headers['x-cos-security-token'], 'madeUpToken', host);
  }
  assert.ok(cloud.objects.has('wasm-vision-dev-1251111111.cos.ap-guangzhou.myqcloud.com/layer.zip'));
});

test('the secret key leaves the machine in no request, and is never printed', () => {
  const { cloud, said } = first;
  for (const request of cloud.requests) {
    assert.ok(!JSON.stringify([request.path, request.headers, String(request.body)]).includes(KEYS.TENCENT_SECRET_KEY), request.action);
    assert.equal(request.headers['x-meant-scheme'], 'https');
  }
  assert.ok(!said.includes(KEYS.TENCENT_SECRET_KEY) && !said.includes(KEYS.TENCENT_SECRET_ID));
});
