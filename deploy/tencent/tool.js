'use strict';
// Runs the pinned deployment tool, @serverless/components, in the project's root.

const { spawn } = require('node:child_process');

const PROGRAM = require.resolve('@serverless/components/bin/bin');
const GUARD = require.resolve('./guard.js');

/**
 * @param {string[]} args `deploy` or `remove`, and options
 * @param {Object<string, string>} environment with all variables of the YAML files; they win over .env files that the
 *   tool finds itself
 * @returns {Promise<boolean>} whether it did what it was told
 */
function run(root, args, environment) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--require', GUARD, PROGRAM, ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...environment, SERVERLESS_PLATFORM_VENDOR: 'tencent', SLS_TRACKING_DISABLED: '1' },
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

module.exports = { run };
