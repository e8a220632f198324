'use strict';
// A local server in the place of Tencent Cloud: records every request and answers as the APIs do, for accounts,
// functions, layers, buckets and the deployment engine. It knows only what a deploy asks; another request fails.

const http = require('node:http');

const APP_ID = '1250000000';

class Cloud {
  constructor() {
    /** What came in: {host, method, path, action, parameters, body}. */
    this.requests = [];
    this.functions = new Set();
    this.triggers = [];
    this.layerVersions = new Map();
    this.objects = new Map();
    this.engine = new Map();
    /** Actions that fail: name → error code. */
    this.failing = {};
  }

  async start() {
    this.server = http.createServer((request, response) => this.receive(request, response));
    await new Promise((resolve) => { this.server.listen(0, '127.0.0.1', resolve); });
    this.port = this.server.address().port;
    return this;
  }

  stop() {
    this.server.closeAllConnections?.();
    return new Promise((resolve) => { this.server.close(resolve); });
  }

  async receive(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const host = request.headers['x-meant-for'] || request.headers.host;
    const entry = { host, method: request.method, path: request.url, headers: request.headers, body };
    this.requests.push(entry);
    if (host.endsWith('.tencentcloudapi.com')) {
      entry.parameters = parametersOf(request, body);
      entry.action = entry.parameters.Action || request.headers['x-tc-action'];
      const code = this.failing[entry.action];
      const answer = code ? { Error: { Code: code, Message: `${entry.action} refused` } } : this.answer(entry.action, entry.parameters);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ Response: { RequestId: 'r', ...answer } }));
    } else if (host.endsWith('.myqcloud.com')) {
      this.bucket(entry, response);
    } else {
      response.statusCode = 502;
      response.end(`${host} is unknown here`);
    }
  }

  answer(action, parameters) {
    const answers = {
      GetUserAppId: () => ({ AppId: Number(APP_ID), Uin: '1', OwnerUin: '1' }),
      PublishLayerVersion: () => {
        const version = (this.layerVersions.get(parameters.LayerName) || 0) + 1;
        this.layerVersions.set(parameters.LayerName, version);
        return { LayerVersion: version };
      },
      GetLayerVersion: () => ({ Status: 'Active' }),
      ListLayerVersions: () => ({
        LayerVersions: Array.from({ length: this.layerVersions.get(parameters.LayerName) || 0 }, (_, i) => ({ LayerVersion: i + 1 })),
      }),
      DeleteLayerVersion: () => ({}),
      GetFunction: () => (this.functions.has(parameters.FunctionName)
        ? { FunctionName: parameters.FunctionName, Namespace: 'default', Status: 'Active', Timeout: 30, MemorySize: 512 }
        : { Error: { Code: 'ResourceNotFound.FunctionName', Message: 'no such function' } }),
      CreateFunction: () => { this.functions.add(parameters.FunctionName); return {}; },
      UpdateFunctionCode: () => ({}),
      UpdateFunctionConfiguration: () => ({}),
      DeleteFunction: () => { this.functions.delete(parameters.FunctionName); return {}; },
      GetAlias: () => ({ RoutingConfig: { AdditionalVersionWeights: [] } }),
      ListTriggers: () => {
        const ofFunction = this.triggers.filter((trigger) => trigger.FunctionName === parameters.FunctionName);
        const wanted = ofFunction.filter((trigger) => [undefined, trigger.Type].includes(parameters['Filters.0.Values.0']));
        return { Triggers: wanted, TotalCount: wanted.length };
      },
      CreateTrigger: () => {
        const url = `https://${APP_ID}-abc.ap-guangzhou.tencentscf.com`;
        const trigger = {
          FunctionName: parameters.FunctionName, Type: parameters.Type, TriggerName: parameters.TriggerName, Qualifier: parameters.Qualifier, Enable: 1,
          TriggerDesc: parameters.Type === 'http' ? JSON.stringify({ NetConfig: { ExtranetUrl: url } }) : parameters.TriggerDesc,
        };
        this.triggers.push(trigger);
        return { TriggerInfo: trigger };
      },
      UpdateTrigger: () => ({}),
      GetCacheFileUrls: () => engineAnswer({
        previousMapDownloadUrl: `https://engine-${APP_ID}.cos.ap-guangzhou.myqcloud.com/no-map`,
        changesUploadUrl: `https://engine-${APP_ID}.cos.ap-guangzhou.myqcloud.com/changes/${parameters.InstanceName}`,
        srcDownloadUrl: `https://engine-${APP_ID}.cos.ap-guangzhou.myqcloud.com/src/${parameters.InstanceName}`,
      }),
      RunComponent: () => {
        const { instance, method } = JSON.parse(parameters.Body);
        this.engine.set(instance.instanceName, method === 'deploy' ? 'active' : 'inactive');
        if (this.triggersOfTheEngine && instance.componentName === 'scf' && method === 'deploy' && !this.triggers.length) {
          const TriggerDesc = JSON.stringify({ NetConfig: { ExtranetUrl: `https://${APP_ID}-abc.ap-guangzhou.tencentscf.com` } });
          this.triggers.push({ FunctionName: 'wasm-vision-dev', Type: 'http', TriggerName: 'url-trigger', TriggerDesc });
        }
        return engineAnswer({});
      },
      GetInstance: () => engineAnswer({ instance: { instanceStatus: this.engine.get(parameters.InstanceName), outputs: {} } }),
    };
    return answers[action] ? answers[action]() : { Error: { Code: 'InvalidAction', Message: `${action} is unknown here` } };
  }

  bucket({ host, method, path, body }, response) {
    const key = `${host}${path.split('?')[0]}`;
    if (method === 'PUT') this.objects.set(key, body);
    if (method === 'GET' && path.split('?')[0] === '/') {
      response.setHeader('content-type', 'application/xml');
      response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
      return;
    }
    if (method === 'GET' && !this.objects.has(key)) response.statusCode = 404;
    response.end();
  }

  /** The parameters of each call of one action, in order. */
  calls(action) {
    return this.requests.filter((request) => request.action === action).map((request) => request.parameters);
  }

  /** All actions in order, without those that only look. */
  changes() {
    return this.requests.map((request) => request.action).filter((action) => action && !/^(Get|List)/.test(action));
  }
}

const engineAnswer = (content) => ({ Body: JSON.stringify({ statusCode: 200, body: JSON.stringify(content) }) });

/** The parameters of an API call: query, form or JSON. */
function parametersOf(request, body) {
  const text = body.toString();
  const query = Object.fromEntries(new URL(request.url, 'http://localhost').searchParams);
  if (text.startsWith('{')) return { ...query, ...JSON.parse(text) };
  return { ...query, ...Object.fromEntries(new URLSearchParams(text)) };
}

module.exports = { Cloud, APP_ID };
