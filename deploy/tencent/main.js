'use strict';
// `node deploy/tencent/main.js check|deploy|remove|url [--web] [--via tool|api]`: see the Makefile targets.
// Ends with 0 (done), 1 (the cloud or the tool refused) or 2 (settings or usage; nothing was tried).

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const ROOT = process.env.VISION_PROJECT || path.resolve(__dirname, '..', '..');
const WEB = path.join('scf', 'web');
const COMMANDS = ['check', 'deploy', 'remove', 'url'];
const HELP = 'docs/deploy.md';

/** Something the user can put right: told in one line, exit code 2. */
class UsageError extends Error {}

async function main() {
  const { command, web, via } = usage();
  const settings = require('./settings').load(ROOT, process.env);
  // The YAML files refer to the environment.
  Object.assign(process.env, settings);
  if (command === 'check') return say(`settings are in order: ${settings.DEPLOY_REGION}, ${settings.DEPLOY_MEMORY_MB} MB`);
  if (command === 'url') return printUrls(settings, web);
  if (command === 'deploy') needPackages();
  return via === 'api' ? byApi(command, web, settings) : byTool(command, web);
}

function usage() {
  let parsed;
  try {
    const options = { web: { type: 'boolean', default: false }, via: { type: 'string', default: 'tool' } };
    parsed = parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const { positionals: [command, ...more], values: { web, via } } = parsed;
  if (!COMMANDS.includes(command) || more.length) throw new UsageError(`one of ${COMMANDS.join(', ')} is wanted`);
  if (!['tool', 'api'].includes(via)) throw new UsageError(`--via is ${via}; known are tool and api`);
  return { command, web, via };
}

function needPackages() {
  const files = ['layer.zip', 'scf.zip', 'scf/bootstrap', 'scf/scf_bootstrap', 'scf/recognize.wasm'];
  const missing = files.filter((file) => !fs.existsSync(path.join(ROOT, 'dist', file)));
  if (missing.length) throw new UsageError(`dist/${missing[0]} is missing: run make package first`);
  for (const script of ['scf/bootstrap', 'scf/scf_bootstrap']) {
    // The platform refuses a start script that is not executable (status 443), and says so only when it is called.
    if (!(fs.statSync(path.join(ROOT, 'dist', script)).mode & 0o100)) {
      throw new UsageError(`dist/${script} is not executable: run make package again`);
    }
  }
}

async function byTool(command, web) {
  const args = web ? [command, `--target=${WEB}`] : [command];
  const suffix = web ? '-web' : '';
  if (!(await require('./tool').run(ROOT, args, process.env))) {
    const again = `make ${command}${suffix} VIA=api`;
    throw new Error(`the deployment tool ended without success; ${again} does the same by API calls (${HELP})`);
  }
  if (command === 'deploy') say(`done; make -s deploy${suffix}-url prints the address`);
}

async function byApi(command, web, settings) {
  const api = require('./api');
  const stack = require('./stack');
  const appId = settings.TENCENT_APP_ID || (await require('@serverless/platform-client-china').utils.getOrgId());
  const all = stack.folders(ROOT);
  const webOnly = [path.join(ROOT, WEB)];
  if (command === 'remove') return api.remove(credentials(settings), appId, stack.read(web ? webOnly : all));
  // The web function refers to the layer, and so to all that comes before it.
  const instances = stack.read(web ? all.concat(webOnly) : all);
  await api.deploy(credentials(settings), appId, instances, path.join(ROOT, 'dist'));
  return printUrls(settings, web);
}

async function printUrls(settings, web) {
  const stack = require('./stack');
  const [instance] = Object.values(stack.read([path.join(ROOT, web ? WEB : 'scf')]));
  const inputs = stack.fill({ ...instance.inputs, layers: [] }, instance, {});
  const found = await require('./api').urls(credentials(settings), inputs);
  if (!found.length) throw new Error(`${inputs.name} has no URL yet: deploy first, or make one by hand (${HELP})`);
  found.forEach((url) => process.stdout.write(`${url}\n`));
}

function credentials({ TENCENT_SECRET_ID, TENCENT_SECRET_KEY, TENCENT_TOKEN }) {
  return { SecretId: TENCENT_SECRET_ID, SecretKey: TENCENT_SECRET_KEY, Token: TENCENT_TOKEN };
}

function say(line) {
  process.stderr.write(`deploy: ${line}\n`);
}

main().catch((error) => {
  (error.problems || [String(error.message || error).split('\n')[0]]).forEach(say);
  process.exitCode = error instanceof UsageError || error.problems ? 2 : 1;
});
