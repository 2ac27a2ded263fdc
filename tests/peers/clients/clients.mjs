// A FHIR client of another make goes through its work against a server, and says what became of each step:
//   node clients.mjs fhir-kit|medplum BASE TOKEN FAMILY
// FAMILY is a name that nobody else in the store has. Each step answers with what the test looks at.
import { MedplumClient } from '@medplum/core';
import Client from 'fhir-kit-client';

const [make, base, token, family] = process.argv.slice(2);

const patient = (given) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'https://example.org/clients', value: `${family}-${given}` }],
  name: [{ family, given: [given] }],
});
const weight = (id) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
  subject: { reference: `Patient/${id}` },
  valueQuantity: { value: 12.5, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
});
const families = (bundle) => (bundle.entry ?? []).map((each) => each.resource.resourceType).sort();
const transaction = () => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    { fullUrl: 'urn:uuid:8f1c1f5e-5f0c-4f5a-9d6e-0d0d8a6e5f01', resource: patient('Tea'), request: { method: 'POST', url: 'Patient' } },
    {
      resource: { ...weight('x'), subject: { reference: 'urn:uuid:8f1c1f5e-5f0c-4f5a-9d6e-0d0d8a6e5f01' } },
      request: { method: 'POST', url: 'Observation' },
    },
  ],
});
const statuses = (bundle) => bundle.entry.map((each) => each.response.status.slice(0, 3));

function fhirKit() {
  const client = new Client({ baseUrl: base, bearerToken: token });
  const search = (searchParams, resourceType = 'Patient') => client.resourceSearch({ resourceType, searchParams });
  let known;
  return {
    capabilities: async () => (await client.capabilityStatement()).fhirVersion,
    create: async () => {
      known = await client.create({ resourceType: 'Patient', body: patient('Ada') });
      return known.meta.versionId;
    },
    read: async () => (await client.read({ resourceType: 'Patient', id: known.id })).name[0].given,
    resolve: async () => (await client.resolve({ reference: `Patient/${known.id}` })).id === known.id,
    update: async () => {
      const changed = { ...known, name: [{ family, given: ['Bea'] }] };
      return (await client.update({ resourceType: 'Patient', id: known.id, body: changed })).meta.versionId;
    },
    vread: async () => (await client.vread({ resourceType: 'Patient', id: known.id, version: '1' })).name[0].given,
    history: async () => (await client.resourceHistory({ resourceType: 'Patient', id: known.id })).total,
    patch: async () => {
      const JSONPatch = [{ op: 'replace', path: '/name/0/given/0', value: 'Cai' }];
      return (await client.patch({ resourceType: 'Patient', id: known.id, JSONPatch })).name[0].given;
    },
    search: async () => {
      for (const given of ['Dot', 'Eve', 'Fay']) await client.create({ resourceType: 'Patient', body: patient(given) });
      return (await search({ family })).total;
    },
    postSearch: async () =>
      (await client.resourceSearch({ resourceType: 'Patient', searchParams: { family }, options: { postSearch: true } })).total,
    page: async () => {
      const sizes = [];
      for (let bundle = await search({ family, _count: 2 }); bundle; bundle = await client.nextPage({ bundle })) {
        sizes.push(bundle.entry.length);
      }
      return sizes;
    },
    include: async () => {
      await client.create({ resourceType: 'Observation', body: weight(known.id) });
      return families(await search({ patient: known.id, _include: 'Observation:subject' }, 'Observation'));
    },
    compartment: async () =>
      families(
        await client.compartmentSearch({ resourceType: 'Observation', compartment: { resourceType: 'Patient', id: known.id } }),
      ),
    conditionalCreate: async () => {
      const headers = { 'If-None-Exist': `identifier=https://example.org/clients|${family}-Ada` };
      return (await client.create({ resourceType: 'Patient', body: patient('Ada'), options: { headers } })).id === known.id;
    },
    conditionalUpdate: async () => {
      const searchParams = { identifier: `https://example.org/clients|${family}-Dot` };
      const body = { ...patient('Dot'), active: true };
      return (await client.update({ resourceType: 'Patient', searchParams, body })).active;
    },
    validate: async () =>
      (await client.operation({ name: 'validate', resourceType: 'Patient', input: patient('Ada') })).resourceType,
    transaction: async () => statuses(await client.transaction({ body: transaction() })),
    delete: async () => {
      await client.delete({ resourceType: 'Patient', id: known.id });
      return client.read({ resourceType: 'Patient', id: known.id }).catch((error) => error.response.status);
    },
    refused: async () =>
      client.read({ resourceType: 'Patient', id: 'nobody' }).catch((error) => error.response.data.resourceType),
  };
}

function medplum() {
  const url = new URL(base);
  const client = new MedplumClient({ baseUrl: url.origin, fhirUrlPath: url.pathname.slice(1), cacheTime: 0 });
  client.setAccessToken(token);
  let known;
  return {
    capabilities: async () => (await client.get(client.fhirUrl('metadata'))).fhirVersion,
    create: async () => {
      known = await client.createResource(patient('Ada'));
      return known.meta.versionId;
    },
    read: async () => (await client.readResource('Patient', known.id)).name[0].given,
    resolve: async () => (await client.readReference({ reference: `Patient/${known.id}` })).id === known.id,
    update: async () =>
      (await client.updateResource({ ...known, name: [{ family, given: ['Bea'] }] })).meta.versionId,
    vread: async () => (await client.readVersion('Patient', known.id, '1')).name[0].given,
    history: async () => (await client.readHistory('Patient', known.id)).total,
    patch: async () => {
      const steps = [{ op: 'replace', path: '/name/0/given/0', value: 'Cai' }];
      return (await client.patchResource('Patient', known.id, steps)).name[0].given;
    },
    search: async () => {
      for (const given of ['Dot', 'Eve', 'Fay']) await client.createResource(patient(given));
      return (await client.search('Patient', { family })).total;
    },
    page: async () => {
      const sizes = [];
      for await (const page of client.searchResourcePages('Patient', { family, _count: 2 })) sizes.push(page.length);
      return sizes;
    },
    include: async () => {
      await client.createResource(weight(known.id));
      return families(await client.search('Observation', { patient: known.id, _include: 'Observation:subject' }));
    },
    conditionalCreate: async () => {
      const query = `identifier=https://example.org/clients|${family}-Ada`;
      return (await client.createResourceIfNoneExist(patient('Ada'), query)).id === known.id;
    },
    conditionalUpdate: async () => {
      const query = { identifier: `https://example.org/clients|${family}-Dot` };
      return (await client.upsertResource({ ...patient('Dot'), active: true }, query)).active;
    },
    validate: async () => (await client.validateResource(patient('Ada'))).resourceType,
    transaction: async () => statuses(await client.executeBatch(transaction())),
    everything: async () => families(await client.readPatientEverything(known.id)),
    delete: async () => {
      await client.deleteResource('Patient', known.id);
      return client.readResource('Patient', known.id).catch((error) => error.outcome.issue[0].code);
    },
    refused: async () => client.readResource('Patient', 'nobody').catch((error) => error.outcome.resourceType),
  };
}

const told = {};
for (const [name, step] of Object.entries({ 'fhir-kit': fhirKit, medplum }[make]())) {
  try {
    told[name] = await step();
  } catch (error) {
    told[name] = { error: `${error.message} ${JSON.stringify(error.response?.data ?? error.outcome ?? '')}` };
  }
}
console.log(JSON.stringify(told));
process.exit(0);
