'use strict';
// The page's files in dist/web, with the address of the function that they ask.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const PROJECT = path.resolve(__dirname, '..', '..');

/** Makes `<root>/dist/web` anew for the function at `url`, by the program that `make package` uses. */
function fill(root, url) {
  const args = ['-m', 'package.site', '--function-url', url, '--out', path.join(root, 'dist')];
  const { status, stderr, error } = spawnSync('python3', args, { cwd: PROJECT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the page could not be made: ${error ? error.message : stderr.trim()}`);
}

/** The function's address that the page knows; undefined where it asks where it lies itself. */
function address(root) {
  const [, url] = /<meta name="service" content="([^"]+)">/.exec(fs.readFileSync(path.join(root, 'dist/web/index.html'), 'utf8')) || [];
  return url;
}

module.exports = { fill, address };
