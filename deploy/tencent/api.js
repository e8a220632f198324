'use strict';
// Deploys the instances by calls of Tencent Cloud's API, through the library that the platform's own components are
// made of, with the archives of `make package`: for where the deployment tool is refused.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const { Cos, Layer, Scf } = require('tencent-component-toolkit');
const { default: layerCalls } = require('tencent-component-toolkit/lib/modules/layer/utils');

const page = require('./page');
const stack = require('./stack');

/**
 * Deploys all instances in their order.
 *
 * @param {{SecretId: string, SecretKey: string, Token?: string}} credentials
 * @param {string} appId the account's APPID, which ends every bucket's full name
 * @param instances as `stack.read` gives them
 * @param {string} dist the folder with layer.zip, scf.zip and web
 * @returns {Promise<Object<string, object>>} the outputs of each instance, by name
 */
async function deploy(credentials, appId, instances, dist) {
  const outputs = {};
  for (const name of stack.order(instances)) {
    const instance = instances[name];
    const inputs = stack.fill(instance.inputs, instance, outputs);
    outputs[name] = await STEPS[instance.component].deploy({ credentials, appId, inputs, dist, outputs });
  }
  return outputs;
}

/** Removes the instances, the dependent ones first. What is gone already is no error. */
async function remove(credentials, appId, instances) {
  for (const name of stack.order(instances).reverse()) {
    const instance = instances[name];
    // What the others gave is not needed to remove something, and may be gone.
    const { layers, src, env, ...named } = instance.inputs;
    await STEPS[instance.component].remove({ credentials, appId, inputs: stack.fill(named, instance, {}) });
  }
}

/**
 * The addresses in the function's triggers. In which field the platform gives them is not documented, so that they are
 * looked for by their form.
 */
async function urls(credentials, { region, name, namespace }) {
  const triggers = await triggersOf(new Scf(credentials, region), name, namespace);
  return [...new Set(JSON.stringify(triggers).match(/https:\/\/[\w.-]+\.tencentscf\.com/g) || [])];
}

async function triggersOf(scf, name, namespace) {
  try {
    return await scf.getTriggerList(name, namespace);
  } catch (error) {
    if (/^ResourceNotFound/.test(error.code)) return [];
    throw error;
  }
}

async function layerVersions(layer, name) {
  try {
    return (await layerCalls.getLayerVersions(layer.capi, name)) || [];
  } catch (error) {
    if (/^ResourceNotFound/.test(error.code)) return [];
    throw error;
  }
}

const bucketWithAppId = (bucket, appId) => (bucket.endsWith(`-${appId}`) ? bucket : `${bucket}-${appId}`);
// As SCF's API names what lies in a bucket (https://cloud.tencent.com/document/product/583/17244#Code): the bucket without
// the APPID, the object's path with a slash in front.
const bucketWithoutAppId = (bucket, appId) => bucketWithAppId(bucket, appId).slice(0, -`-${appId}`.length);
const objectPath = (key) => (key.startsWith('/') ? key : `/${key}`);

const STEPS = {
  cos: {
    async deploy({ credentials, appId, inputs, dist }) {
      const bucket = bucketWithAppId(inputs.bucket, appId);
      const cos = new Cos(credentials, inputs.region);
      await cos.deploy({ bucket, force: true });
      await cos.upload({ bucket, file: path.join(dist, 'layer.zip'), key: 'layer.zip' });
      return { region: inputs.region, bucket, cosOrigin: `${bucket}.cos.${inputs.region}.myqcloud.com` };
    },
    async remove({ credentials, appId, inputs }) {
      await new Cos(credentials, inputs.region).remove({ bucket: bucketWithAppId(inputs.bucket, appId) });
    },
  },

  layer: {
    async deploy({ credentials, appId, inputs }) {
      return new Layer(credentials, inputs.region).deploy({
        ...inputs,
        bucket: bucketWithoutAppId(inputs.src.bucket, appId),
        object: objectPath(inputs.src.object),
      });
    },
    async remove({ credentials, inputs }) {
      const layer = new Layer(credentials, inputs.region);
      for (const { LayerVersion: version } of await layerVersions(layer, inputs.name)) {
        await layer.remove({ name: inputs.name, version });
      }
    },
  },

  scf: {
    async deploy({ credentials, appId, inputs, dist }) {
      const archive = path.join(dist, `${path.basename(inputs.src.src)}.zip`);
      // Named by its content, so that a function never gets another archive than the one meant.
      const key = `scf-${crypto.createHash('sha256').update(fs.readFileSync(archive)).digest('hex').slice(0, 16)}.zip`;
      const bucket = `${inputs.name}-code-${appId}`;
      const cos = new Cos(credentials, inputs.region);
      await cos.deploy({ bucket, force: true });
      await cos.upload({ bucket, file: archive, key });
      const { src, ...parameters } = inputs;
      const deployed = await new Scf(credentials, inputs.region).deploy({
        ...parameters,
        code: { bucket: bucketWithoutAppId(bucket, appId), object: objectPath(key) },
      });
      // Under the name that the platform's component gives it.
      return { ...deployed, functionName: deployed.FunctionName, uploads: page.uploadOrigin(inputs) };
    },
    async remove({ credentials, appId, inputs }) {
      await new Scf(credentials, inputs.region).remove({ functionName: inputs.name, namespace: inputs.namespace });
      await new Cos(credentials, inputs.region).remove({ bucket: `${inputs.name}-code-${appId}` });
    },
  },

  website: {
    async deploy({ credentials, appId, inputs, dist, outputs }) {
      const { uploads } = Object.values(outputs).find(({ functionName }) => functionName === inputs.env.FUNCTION);
      const [url] = await urls(credentials, { region: inputs.region, name: inputs.env.FUNCTION });
      if (url) page.fill(path.dirname(dist), url, uploads);
      const bucket = bucketWithAppId(inputs.bucket, appId);
      const website = await new Cos(credentials, inputs.region).website({
        bucket,
        protocol: inputs.protocol,
        acl: { permissions: 'public-read' },
        env: inputs.env,
        code: { src: inputs.src.src, root: inputs.src.src, index: inputs.src.index, error: inputs.src.error },
      });
      return { region: inputs.region, website: `${inputs.protocol}://${website}` };
    },
    async remove({ credentials, appId, inputs }) {
      await new Cos(credentials, inputs.region).remove({ bucket: bucketWithAppId(inputs.bucket, appId) });
    },
  },
};

module.exports = { deploy, remove, urls };
