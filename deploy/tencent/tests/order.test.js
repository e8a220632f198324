'use strict';
// Our YAML files, read by the deployment tool's own functions.

const APP_ID = '1250000000';
// The tool asks the cloud for the account, unless its command line names it; it looks when it is loaded.
process.argv.push('--org', APP_ID);
const ENVIRONMENT = {
  SERVERLESS_PLATFORM_VENDOR: 'tencent', DEPLOY_REGION: 'ap-shanghai', DEPLOY_MEMORY_MB: '1024', DEPLOY_TIMEOUT_S: '60',
  DEPLOY_INIT_TIMEOUT_S: '20', DEPLOY_LOG: 'debug', DEPLOY_PACKAGE: 'scf', TENCENT_SECRET_ID: 'AKIDmadeUp', TENCENT_SECRET_KEY: 'madeUpSecret',
};
Object.assign(process.env, ENVIRONMENT);

const test = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');

const { ROOT } = require('./project');
const tool = require('@serverless/components/src/cli/utils');
const chinese = require('@serverless/components/src/cli/commands-cn/utils');
const stack = require('../stack');

const allComponents = async () => tool.setDependencies(tool.getAllComponents(await chinese.getTemplate(ROOT)));

/** The order in which the tool itself calls the cloud for one command, with `sdk` standing in for the cloud. */
async function orderOf(command) {
  const called = [];
  const call = async ({ name }) => { called.push(name); return { outputs: {} }; };
  const cli = { sessionStatus() {}, log() {}, logOutputs() {}, logError(error) { throw error; } };
  const components = await allComponents();
  await tool.executeGraph(components, command, tool.createGraph(components, command), cli, { deploy: call, remove: call }, {});
  return called;
}

test('the tool takes the project for one application with four instances', async () => {
  assert.ok(tool.runningTemplate(ROOT));
  assert.ok(tool.checkTemplateAppAndStage(ROOT));
  const template = await chinese.getTemplate(ROOT);
  assert.deepEqual([template.app, template.stage, String(template.org)], ['wasm-vision', 'dev', APP_ID]);
  const kinds = Object.entries(await allComponents()).map(([name, { component }]) => `${name}: ${component}`);
  assert.deepEqual(kinds.sort(), ['vision-cos: cos', 'vision-layer: layer', 'vision-scf: scf', 'vision-website: website']);
});

test('the bucket deploys first, then the layer, then the function, then the page', async () => {
  assert.deepEqual(await orderOf('deploy'), ['vision-cos', 'vision-layer', 'vision-scf', 'vision-website']);
});

test('the page is removed first, then the function, the layer, the bucket', async () => {
  assert.deepEqual(await orderOf('remove'), ['vision-website', 'vision-scf', 'vision-layer', 'vision-cos']);
});

test('a deploy by API goes in the tool’s order', () => {
  assert.deepEqual(stack.order(stack.read(stack.folders(ROOT))), ['vision-cos', 'vision-layer', 'vision-scf', 'vision-website']);
});

test('a deploy by API reads what the tool reads', async () => {
  const theirs = await allComponents();
  for (const [name, ours] of Object.entries(stack.read(stack.folders(ROOT)))) {
    const { originSrc, ...inputs } = theirs[name].inputs;
    assert.deepEqual(ours.inputs, JSON.parse(JSON.stringify(inputs)), name);
  }
});

test('the function’s settings come from the environment', async () => {
  const { inputs } = (await allComponents())['vision-scf'];
  assert.deepEqual(
    // As they are sent: what the environment lacks is left out.
    JSON.parse(JSON.stringify([inputs.region, inputs.memorySize, inputs.timeout, inputs.initTimeout, inputs.environment.variables])),
    ['ap-shanghai', '1024', '60', '20', { VISION_LOG: 'debug' }],
  );
  assert.equal(inputs.role, undefined, 'without DEPLOY_ROLE there is no role');
});

test('bucket, layer, function and page lie in one region', async () => {
  const regions = Object.values(await allComponents()).map(({ inputs }) => inputs.region);
  assert.deepEqual(new Set(regions), new Set(['ap-shanghai']));
});

test('no instance is given a credential', async () => {
  const web = stack.read([path.join(ROOT, 'scf/web')]);
  const text = JSON.stringify([await allComponents(), web]);
  assert.doesNotMatch(text, /madeUp|TENCENT_/);
});

test('the web function belongs to the same application and uses the same layer', () => {
  const { 'vision-web': web } = stack.read([path.join(ROOT, 'scf/web')]);
  const { 'vision-scf': event } = stack.read(stack.folders(ROOT));
  assert.deepEqual([web.app, web.stage, web.inputs.layers], [event.app, event.stage, event.inputs.layers]);
  assert.deepEqual(web.inputs.src, event.inputs.src);
  assert.notEqual(web.inputs.name, event.inputs.name);
});

test('a reference to something that has no such output is an error that names it', () => {
  const instance = { name: 'vision-scf', stage: 'dev', app: 'wasm-vision' };
  const filled = (outputs) => stack.fill({ v: '${output:${stage}:${app}:vision-layer.version}' }, instance, outputs);
  assert.deepEqual(filled({ 'vision-layer': { version: 7 } }), { v: 7 });
  assert.throws(() => filled({ 'vision-layer': { name: 'x' } }), /vision-layer\.version} names no output; vision-layer gives name/);
  assert.throws(() => filled({}), /vision-layer gives none/);
});
