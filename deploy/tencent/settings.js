'use strict';
// .env and the environment → settings that were checked. Says what is wrong in one line each, never a credential.

const fs = require('node:fs');
const path = require('node:path');

const DEFAULTS = {
  DEPLOY_REGION: 'ap-guangzhou',
  DEPLOY_MEMORY_MB: '512',
  DEPLOY_TIMEOUT_S: '30',
  DEPLOY_INIT_TIMEOUT_S: '30',
  DEPLOY_LOG: 'info',
  DEPLOY_FUNCTION: 'recognize',
};
const OPTIONAL = ['TENCENT_TOKEN', 'TENCENT_APP_ID', 'DEPLOY_QUERY', 'DEPLOY_ROLE', 'DEPLOY_PICTURES', 'DEPLOY_ANY_REGION'];
// The functions that `make package` packs: their packages, and the word in the names of what they write into buckets.
const FUNCTIONS = {
  recognize: { DEPLOY_PACKAGE: 'scf' },
  cutout: { DEPLOY_PACKAGE: 'scf-cutout', DEPLOY_OUTPUT_NAME: 'cutout' },
  thumbnail: { DEPLOY_PACKAGE: 'scf-thumbnail', DEPLOY_OUTPUT_NAME: 'thumb' },
};
const CREDENTIALS = ['TENCENT_SECRET_ID', 'TENCENT_SECRET_KEY'];

// The regions of the quota page, https://cloud.tencent.com/document/product/583/11637 (2025-10-16), without those for
// finance, which have API hosts of their own.
const REGIONS = [
  'ap-guangzhou', 'ap-shanghai', 'ap-beijing', 'ap-chengdu', 'ap-hongkong', 'ap-singapore', 'ap-tokyo',
  'na-siliconvalley', 'eu-frankfurt',
];

/** What stands in .env is not what the platform takes: all problems at once, one line each. */
class SettingsError extends Error {
  constructor(problems) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads `<root>/.env`; a variable of the environment wins over its line, as it does in the deployment tool.
 *
 * @returns {Object<string, string>} every variable that the YAML files and the tool need
 * @throws {SettingsError} with all problems found
 */
function load(root, environment) {
  const found = { ...fromFile(path.join(root, '.env'), environment) };
  for (const name of [...CREDENTIALS, ...OPTIONAL, ...Object.keys(DEFAULTS)]) {
    if (environment[name] !== undefined) found[name] = environment[name];
  }
  // A line with nothing behind the sign is as good as none where there is a default.
  for (const name of Object.keys(DEFAULTS)) if (found[name] === '') delete found[name];
  const settings = { ...DEFAULTS, ...found };
  const problems = [credentialProblems, functionProblems, optionalProblems, spellingProblems].flatMap((look) => look(settings));
  if (problems.length) throw new SettingsError(problems);
  return settings;
}

function fromFile(file, environment) {
  if (!fs.existsSync(file)) {
    if (CREDENTIALS.every((name) => environment[name])) return {};
    throw new SettingsError(['.env is missing: copy .env.example to .env and fill in the two keys (docs/deploy.md)']);
  }
  // The parser of the deployment tool, so that both read the same.
  return require('dotenv').parse(fs.readFileSync(file));
}

function credentialProblems(settings) {
  const missing = CREDENTIALS.filter((name) => !settings[name]);
  if (missing.length) return [`${missing.join(' and ')} missing: fill in .env (docs/deploy.md says where to get them)`];
  const { TENCENT_SECRET_ID: id, TENCENT_SECRET_KEY: key } = settings;
  if (id === key) return ['TENCENT_SECRET_ID and TENCENT_SECRET_KEY are the same'];
  if (key.startsWith('AKID')) return ['TENCENT_SECRET_KEY starts with AKID, as ids do: are the two swapped?'];
  const problems = [];
  // The form of the examples in the platform's documents; lengths differ, temporary ones are longer.
  if (!/^AKID[\w-]{12,}$/.test(id)) {
    problems.push('TENCENT_SECRET_ID is no key id: one starts with AKID, then letters and digits, 36 in all');
  }
  if (!/^[\w+/=-]{16,}$/.test(key)) {
    problems.push('TENCENT_SECRET_KEY is no key: one has 32 letters and digits, without blanks or quotes');
  }
  return problems;
}

function functionProblems(settings) {
  const problems = [];
  if (!Object.hasOwn(FUNCTIONS, settings.DEPLOY_FUNCTION)) {
    problems.push(`DEPLOY_FUNCTION is ${settings.DEPLOY_FUNCTION}; known are ${Object.keys(FUNCTIONS).join(', ')}`);
  }
  const query = settings.DEPLOY_QUERY;
  if (query && !/^[\w.%-]+=[\w.,%+-]*(&[\w.%-]+=[\w.,%+-]*)*$/.test(query)) {
    problems.push(`DEPLOY_QUERY is ${query}; accepted is what stands in a URL, such as size=1024&background=blur`);
  }
  const region = settings.DEPLOY_REGION;
  if (!REGIONS.includes(region) && !settings.DEPLOY_ANY_REGION) {
    problems.push(`DEPLOY_REGION is ${region}; SCF's regions are ${REGIONS.join(', ')} ` +
      '(DEPLOY_ANY_REGION=1 takes one that is newer than this list)');
  }
  const memory = Number(settings.DEPLOY_MEMORY_MB);
  if (!(memory === 64 || (memory >= 128 && memory <= 3072 && memory % 128 === 0))) {
    problems.push(`DEPLOY_MEMORY_MB is ${settings.DEPLOY_MEMORY_MB}; the platform takes 64, or 128 to 3072 in steps of 128`);
  }
  problems.push(...secondsProblem(settings, 'DEPLOY_TIMEOUT_S', 1, 900));
  problems.push(...secondsProblem(settings, 'DEPLOY_INIT_TIMEOUT_S', 3, 300));
  return problems;
}

function secondsProblem(settings, name, least, most) {
  const seconds = settings[name];
  if (/^\d{1,4}$/.test(seconds) && Number(seconds) >= least && Number(seconds) <= most) return [];
  return [`${name} is ${seconds}; the platform takes whole seconds from ${least} to ${most}`];
}

function optionalProblems(settings) {
  const problems = OPTIONAL.filter((name) => settings[name] === '')
    .map((name) => `${name} is empty: fill it in, or take the line out of .env`);
  if (settings.TENCENT_APP_ID && !/^\d{6,}$/.test(settings.TENCENT_APP_ID)) {
    problems.push('TENCENT_APP_ID is no APPID: one has digits only, such as 1250000000');
  }
  const pictures = settings.DEPLOY_PICTURES;
  if (pictures && !/^[a-z0-9][a-z0-9-]*-\d{6,}\.cos\.[a-z0-9-]+\.myqcloud\.com$/.test(pictures)) {
    problems.push(`DEPLOY_PICTURES is ${pictures}; the trigger wants the bucket's full domain, ` +
      'such as pictures-1250000000.cos.ap-guangzhou.myqcloud.com');
  } else if (pictures && !pictures.includes(`.cos.${settings.DEPLOY_REGION}.`)) {
    problems.push(`DEPLOY_PICTURES is ${pictures}; a trigger's bucket must lie in DEPLOY_REGION, ${settings.DEPLOY_REGION}`);
  }
  return problems;
}

function spellingProblems(settings) {
  const known = [...Object.keys(DEFAULTS), ...OPTIONAL].filter((name) => name.startsWith('DEPLOY_'));
  return Object.keys(settings).filter((name) => name.startsWith('DEPLOY_') && !known.includes(name))
    .map((name) => `${name} is unknown; known are ${known.join(', ')}`);
}

/** What the YAML files refer to: the settings, and what follows from them. */
function variables(settings) {
  return { ...settings, ...FUNCTIONS[settings.DEPLOY_FUNCTION] };
}

module.exports = { load, variables, DEFAULTS, NAMES: [...CREDENTIALS, ...OPTIONAL, ...Object.keys(DEFAULTS)] };
