'use strict';
// The serverless.yml files → instances with their inputs, in the order in which they deploy. Everything is read by the
// deployment tool's own functions, so that a deploy by API does what the tool would do.

const fs = require('node:fs');
const path = require('node:path');

const tool = require('@serverless/components/src/cli/utils');

/** The folders in which the tool looks for instances: those directly under `root`. */
function folders(root) {
  return fs.readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => path.join(root, entry.name));
}

/**
 * Reads the instances in those of `places` that have a serverless.yml.
 *
 * `${env:…}` is resolved from the process's environment; `${output:…}`, `${stage}` and `${app}` stay.
 *
 * @param {string[]} places folders
 * @returns {Object<string, object>} by name: component, app, stage, inputs (`src` absolute), dependencies
 */
function read(places) {
  const instances = places.map(instance).filter((found) => found !== null);
  if (!instances.length) throw new Error(`no serverless.yml in ${places.join(', ') || 'any folder'}`);
  const [{ app, stage }] = instances;
  const named = Object.fromEntries(instances.map((one) => [one.name, one]));
  return tool.setDependencies(tool.getAllComponents({ app, stage, ...named }));
}

/** The instance described in one folder; null where there is none. */
function instance(folder) {
  const config = tool.loadInstanceConfigUncached(folder);
  if (config === null) return null;
  const resolved = tool.resolveVariables(config);
  // What the environment lacks leaves a key without a value; the tool drops it when it sends the inputs.
  resolved.inputs = JSON.parse(JSON.stringify(resolved.inputs));
  const { src } = resolved.inputs;
  if (src && src.src) src.src = path.resolve(folder, src.src);
  return resolved;
}

/** The names of the instances, each after those it refers to; throws where they refer to each other in a circle. */
function order(instances) {
  const graph = tool.createGraph(instances, 'deploy');
  const names = [];
  while (graph.nodeCount()) {
    for (const name of graph.sinks()) {
      names.push(name);
      graph.removeNode(name);
    }
  }
  return names;
}

/**
 * Fills in `${stage}`, `${app}`, `${name}` and `${output:stage:app:instance.key}`, which the tool leaves to the cloud.
 *
 * @param value inputs, or a part of them
 * @param instance what `value` belongs to (name, app, stage)
 * @param {Object<string, object>} outputs of the instances deployed so far, by name
 */
function fill(value, instance, outputs) {
  if (Array.isArray(value)) return value.map((item) => fill(item, instance, outputs));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, instance, outputs)]));
  }
  if (typeof value !== 'string') return value;
  const known = value.replace(/\$\{(stage|app|name)\}/g, (_, key) => instance[key]);
  const reference = /^\$\{output:(?:[\w-]+:[\w-]+:)?([\w-]+)\.(\w+)\}$/.exec(known);
  if (!reference) return known;
  const [, name, key] = reference;
  if (outputs[name] === undefined || outputs[name][key] === undefined) {
    throw new Error(`${instance.name}: ${value} names no output; ${name} gives ${Object.keys(outputs[name] || {}).join(', ') || 'none'}`);
  }
  return outputs[name][key];
}

module.exports = { folders, read, order, fill };
