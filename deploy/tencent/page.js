'use strict';
// The page's files in dist/web, with the address of the function that they ask.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const PROJECT = path.resolve(__dirname, '..', '..');

/** Makes `<root>/dist/web` anew for the function at `url`, which may upload to `uploads`; by `make package`'s program. */
function fill(root, url, uploads = '') {
  const args = ['-m', 'package.site', '--function-url', url, '--upload-origin', uploads, '--out', path.join(root, 'dist')];
  const { status, stderr, error } = spawnSync('python3', args, { cwd: PROJECT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the page could not be made: ${error ? error.message : stderr.trim()}`);
}

/** Where the page puts large photos, if the function's settings (inputs of scf/serverless.yml) name a bucket for them. */
function uploadOrigin({ region, environment }) {
  const bucket = environment && environment.variables && environment.variables.VISION_UPLOAD_BUCKET;
  return bucket ? `https://${bucket}.cos.${region}.myqcloud.com` : '';
}

module.exports = { fill, uploadOrigin };
