// Fails where a package that users install has a licence that asks more than Apache-2.0 does. Reads what npm installed.
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSD',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** An SPDX expression is fine where one of its alternatives is fine in all its parts. */
const isAllowed = expression =>
  expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some(choice => choice.split(' AND ').every(part => ALLOWED.has(part.trim())));

const folders = execFileSync('npm', ['ls', '--all', '--parseable', '--omit=dev'], {
  encoding: 'utf8',
  maxBuffer: 1 << 26,
})
  .trim()
  .split('\n')
  .slice(1);
const refused = folders.flatMap(folder => {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const stated =
    typeof license === 'string'
      ? license
      : (license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none stated');
  return isAllowed(stated) ? [] : [`${name}@${version}: ${stated}`];
});
console.log(
  refused.length
    ? `Licences to look at:\n  ${refused.join('\n  ')}`
    : `${folders.length} packages, every licence allowed`,
);
process.exitCode = refused.length ? 1 : 0;
