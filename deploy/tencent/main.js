'use strict';
// `node deploy/tencent/main.js check|deploy|remove|url|site [--web] [--via tool|api]`: see the Makefile targets.
// Ends with 0 (done), 1 (the cloud or the tool refused) or 2 (settings or usage; nothing was tried).

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const ROOT = process.env.VISION_PROJECT || path.resolve(__dirname, '..', '..');
const WEB = path.join('scf', 'web');
const WEBSITE = 'website';
const COMMANDS = ['check', 'deploy', 'remove', 'url', 'site'];
const HELP = 'docs/deploy.md';

/** Something the user can put right: told in one line, exit code 2. */
class UsageError extends Error {}

async function main() {
  const { command, web, via } = usage();
  const settings = require('./settings').load(ROOT, process.env);
  // The YAML files refer to the environment.
  Object.assign(process.env, require('./settings').variables(settings));
  if (command === 'check') return say(`settings are in order: ${settings.DEPLOY_REGION}, ${settings.DEPLOY_MEMORY_MB} MB`);
  if (command === 'url') return printUrls(settings, web);
  if (command === 'site') return printSite(settings);
  if (command === 'deploy') needPackages(process.env.DEPLOY_PACKAGE, settings.DEPLOY_FUNCTION);
  return via === 'api' ? byApi(command, web, settings) : byTool(command, web, settings);
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

function needPackages(name, wasm) {
  const files = ['layer.zip', `${name}.zip`, `${name}/bootstrap`, `${name}/scf_bootstrap`, `${name}/${wasm}.wasm`, 'web/index.html'];
  const missing = files.filter((file) => !fs.existsSync(path.join(ROOT, 'dist', file)));
  if (missing.length) throw new UsageError(`dist/${missing[0]} is missing: run make package first`);
  for (const script of [`${name}/bootstrap`, `${name}/scf_bootstrap`]) {
    // The platform refuses a start script that is not executable (status 443), and says so only when it is called.
    if (!(fs.statSync(path.join(ROOT, 'dist', script)).mode & 0o100)) {
      throw new UsageError(`dist/${script} is not executable: run make package again`);
    }
  }
}

async function byTool(command, web, settings) {
  if (command === 'deploy' && !web) return deployByTool(settings);
  await runTool(command, web ? WEB : undefined, web);
  if (command === 'deploy') say('done; make -s deploy-web-url prints the address');
}

/** All but the page, which is for recognition, each after those that it refers to. */
const WITHOUT_PAGE = ['cos', 'layer', 'scf'];

/** The page needs the function's address, which is only known once the function is there: at first it goes up twice. */
async function deployByTool(settings) {
  if (settings.DEPLOY_FUNCTION !== 'recognize') {
    for (const target of WITHOUT_PAGE) await runTool('deploy', target);
    return say('done; make -s deploy-url prints the address');
  }
  const page = require('./page');
  const uploads = page.uploadOrigin(functionInputs(false));
  const [before] = await findUrls(settings, false);
  if (before) page.fill(ROOT, before, uploads);
  await runTool('deploy');
  const [url] = before ? [before] : await findUrls(settings, false);
  if (!url) return say(`done, but the function has no URL yet, which the page needs: make one by hand, then deploy again (${HELP})`);
  if (url !== before) {
    page.fill(ROOT, url, uploads);
    await runTool('deploy', WEBSITE);
  }
  say('done; make -s deploy-url prints the address, make -s deploy-site-url that of the page');
}

async function runTool(command, target, web = false) {
  const args = target ? [command, `--target=${target}`] : [command];
  const suffix = web ? '-web' : '';
  if (!(await require('./tool').run(ROOT, args, process.env))) {
    const again = `make ${command}${suffix} VIA=api`;
    throw new Error(`the deployment tool ended without success; ${again} does the same by API calls (${HELP})`);
  }
}

async function byApi(command, web, settings) {
  const api = require('./api');
  const stack = require('./stack');
  const appId = await appIdOf(settings);
  const hasPage = settings.DEPLOY_FUNCTION === 'recognize' || command === 'remove';
  const all = stack.folders(ROOT).filter((folder) => hasPage || path.basename(folder) !== WEBSITE);
  const webOnly = [path.join(ROOT, WEB)];
  if (command === 'remove') return api.remove(credentials(settings), appId, stack.read(web ? webOnly : all));
  // The web function refers to the layer, and so to all that comes before it.
  const instances = stack.read(web ? all.concat(webOnly) : all);
  await api.deploy(credentials(settings), appId, instances, path.join(ROOT, 'dist'));
  return printUrls(settings, web);
}

async function printUrls(settings, web) {
  const found = await findUrls(settings, web);
  if (!found.length) throw new Error(`${functionInputs(web).name} has no URL yet: deploy first, or make one by hand (${HELP})`);
  found.forEach((url) => process.stdout.write(`${url}\n`));
}

function findUrls(settings, web) {
  return require('./api').urls(credentials(settings), functionInputs(web));
}

function functionInputs(web) {
  const stack = require('./stack');
  const [instance] = Object.values(stack.read([path.join(ROOT, web ? WEB : 'scf')]));
  return stack.fill({ ...instance.inputs, layers: [] }, instance, {});
}

/** Where the website component puts the page. */
async function printSite(settings) {
  const stack = require('./stack');
  const [instance] = Object.values(stack.read([path.join(ROOT, WEBSITE)]));
  const { bucket, region, protocol } = stack.fill({ ...instance.inputs, env: {} }, instance, {});
  process.stdout.write(`${protocol}://${bucket}-${await appIdOf(settings)}.cos-website.${region}.myqcloud.com\n`);
}

async function appIdOf(settings) {
  return settings.TENCENT_APP_ID || (await require('@serverless/platform-client-china').utils.getOrgId());
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
