import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const manifest = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'));
const repository = manifest.homepage.replace(/#.*/, '');
const changelog = readFileSync(fileURLToPath(new URL('../../CHANGELOG.md', import.meta.url)), 'utf8');

// This site has the pages of one version. Those of each release are read in the repository, at its tag.
const released = [...changelog.matchAll(/^## (\d+\.\d+\.\d+)/gm)].map(([, version]) => ({
  text: `Docs of ${version}`,
  link: `${repository}/tree/v${version}/docs`,
}));

export default defineConfig({
  title: manifest.name,
  description: manifest.description,
  base: process.env.DOCS_BASE ?? '/',
  srcExclude: ['api/**', 'api-report/**', 'generate/**'],
  outDir: '../build/docs',
  cacheDir: '../build/docs-cache',
  cleanUrls: true,
  // The reference is typedoc's own pages, which lie beside these.
  ignoreDeadLinks: [/^\/reference/],
  markdown: {
    config(markdown) {
      // A block in TypeScript with one in Python right behind it: tabs here, one after the other where the page is read in the repository.
      markdown.core.ruler.push('languages-as-tabs', state => {
        const { tokens, Token } = state;
        for (let index = tokens.length - 1; index > 0; index -= 1) {
          const [typescript, python] = [tokens[index - 1], tokens[index]];
          if (typescript.type !== 'fence' || typescript.info !== 'ts' || python.info !== 'python') continue;
          typescript.info = 'ts [TypeScript]';
          python.info = 'python [Python]';
          tokens.splice(index + 1, 0, new Token('container_code-group_close', 'div', -1));
          tokens.splice(index - 1, 0, new Token('container_code-group_open', 'div', 1));
        }
      });
      // The pages are read in the repository too: a link out of docs/ leads there.
      markdown.core.ruler.push('links-out-of-docs', state => {
        for (const token of state.tokens.flatMap(token => token.children ?? [])) {
          const link = token.type === 'link_open' ? token.attrGet('href') : null;
          if (link?.startsWith('../')) token.attrSet('href', `${repository}/blob/main/${link.slice(3)}`);
          else if (link && /^(api-report|generate)\//.test(link))
            token.attrSet('href', `${repository}/blob/main/docs/${link}`);
        }
      });
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide' },
      { text: 'Reference', link: '/reference/index.html', target: '_self' },
      {
        text: `v${manifest.version}`,
        items: [{ text: 'What changed', link: `${repository}/blob/main/CHANGELOG.md` }, ...released],
      },
    ],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'Four ways in', link: '/' },
          { text: 'Guide', link: '/guide' },
        ],
      },
      {
        text: 'Build',
        items: [
          { text: 'Constructs', link: '/constructs' },
          { text: 'Check a container', link: '/check' },
          { text: 'Local SageMaker', link: '/local' },
          { text: 'Fidelity', link: '/fidelity' },
          { text: 'Inspector', link: '/inspector' },
        ],
      },
      {
        text: 'Stream',
        items: [
          { text: 'Client', link: '/client' },
          { text: 'Python', link: '/python' },
          { text: 'Models', link: '/models' },
          { text: 'Small programs', link: '/programs' },
          { text: 'Gateway', link: '/gateway' },
          { text: 'Errors', link: '/errors' },
        ],
      },
      {
        text: 'Operate',
        items: [
          { text: 'Command line', link: '/cli' },
          { text: 'Size an instance', link: '/capacity' },
          { text: 'Runbook', link: '/runbook' },
          { text: 'Security', link: '/security' },
        ],
      },
      {
        text: 'How it is made',
        items: [
          { text: 'Design', link: '/design' },
          { text: 'Compared', link: '/comparison' },
          { text: 'Verification', link: '/verification' },
          { text: 'Benchmarks', link: '/benchmarks' },
        ],
      },
    ],
    socialLinks: [{ icon: 'github', link: repository }],
  },
});
