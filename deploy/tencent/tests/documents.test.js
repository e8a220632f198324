'use strict';
// docs/deploy.md and its Chinese twin: what they name exists, and they tell the same.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const { ROOT } = require('./project');
const { DEFAULTS, NAMES } = require('../settings');

const PAGES = ['docs/deploy.md', 'docs/deploy.zh-CN.md'];
const read = (name) => fs.readFileSync(path.join(ROOT, name), 'utf8');
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

/** The anchor that a heading gets, as GitHub makes it. */
const anchor = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, '').trim().replace(/\s/g, '-');

for (const page of PAGES) {
  const text = read(page);

  test(`${page}: every link within the project leads somewhere`, () => {
    for (const target of all(text, /\]\(([^)]+)\)/g).filter((link) => !link.startsWith('https:'))) {
      const [file, fragment] = target.split('#');
      const linked = file ? path.join('docs', file) : page;
      assert.ok(fs.existsSync(path.join(ROOT, linked)), target);
      if (fragment) {
        assert.ok(all(read(linked), /^#+ (.*)$/gm).map(anchor).includes(fragment), target);
      }
    }
  });

  test(`${page}: every make target of deploying is there, and told of`, () => {
    const targets = all(read('deploy/tencent/deploy.mk'), /^([a-z][a-z-]+):/gm);
    const named = all(text, /\bmake (?:-s )?([a-z-]*(?:deploy|remove)[a-z-]*)/g);
    assert.deepEqual([...new Set(named)].sort(), targets.sort());
  });

  test(`${page}: every setting is explained, with its default, and no other`, () => {
    const named = new Set(all(text, /\b((?:DEPLOY|TENCENT)_[A-Z_]+)\b/g));
    assert.deepEqual([...named].filter((name) => !NAMES.includes(name)), []);
    assert.deepEqual(NAMES.filter((name) => !named.has(name) && name !== 'DEPLOY_ANY_REGION'), []);
    for (const [name, value] of Object.entries(DEFAULTS)) assert.ok(text.includes(`| \`${name}\` | \`${value}\` |`), name);
  });
}

test('both languages have the same commands, in the same order', () => {
  const [english, chinese] = PAGES.map((page) => all(read(page), /^ {4}(\S.*)$/gm));
  assert.deepEqual(chinese, english);
});

test('both languages have the same tables', () => {
  const firstCells = (page) => all(read(page), /^\| (`[^|]*?`)(?=[,、 |])/gm);
  assert.deepEqual(firstCells(PAGES[1]), firstCells(PAGES[0]));
});
