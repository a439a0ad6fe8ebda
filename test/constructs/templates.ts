import { deepStrictEqual } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTAINER_METADATA_KEY } from '../../lib';

interface Template {
  readonly Resources?: Record<string, { Metadata?: Record<string, { directory?: string; simulator?: object }> }>;
}

/** Where the kit's own containers lie, and so how they are started, differs between a package and a source tree. */
function comparable(file: string): Template {
  const template: Template = JSON.parse(readFileSync(file, 'utf8'));
  for (const { Metadata } of Object.values(template.Resources ?? {})) {
    const container = Metadata?.[CONTAINER_METADATA_KEY];
    if (container?.directory) container.directory = 'in the package or the repository';
    if (container?.simulator) Object.assign(container.simulator, { directory: 'as above', command: ['as above'] });
  }
  return template;
}

/** Every template of a cloud assembly, by its file. */
function templatesOf(assembly: string): Record<string, Template> {
  const files = readdirSync(assembly).filter(file => file.endsWith('.template.json'));
  return Object.fromEntries(files.map(file => [file, comparable(join(assembly, file))]));
}

/** @throws AssertionError where two cloud assemblies do not hold the same templates, or none */
export function holdSameTemplates(one: string, other: string): void {
  const templates = templatesOf(one);
  deepStrictEqual(Object.keys(templates).length > 0, true, `${one} holds no template`);
  deepStrictEqual(templates, templatesOf(other));
}
