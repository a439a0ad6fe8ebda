import {
  DeepgramListen,
  DeepgramParametersError,
  DeepgramSpeak,
  type ListenParameters,
  type SpeakParameters,
} from '../../../lib/speech/deepgram';

const listen = (parameters: object) => DeepgramListen.request(parameters as ListenParameters);
const speak = (parameters: object) => DeepgramSpeak.request(parameters as SpeakParameters);

const requests = { listen, speak };

function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof DeepgramParametersError) return error.faults;
    throw error;
  }
  return [];
}

describe('which product a model is, and what opens it', () => {
  it.each<['listen' | 'speak', object, string, string]>([
    ['listen', { model: 'nova-3', language: 'en' }, 'v1/listen', 'model=nova-3&language=en'],
    ['listen', { model: 'nova-3' }, 'v1/listen', 'model=nova-3'],
    [
      'listen',
      { model: 'nova-3-medical', language: 'multi', encoding: 'linear16', sample_rate: 16_000, smart_format: true },
      'v1/listen',
      'model=nova-3-medical&language=multi&encoding=linear16&sample_rate=16000&smart_format=true',
    ],
    [
      'listen',
      { model: 'flux-general-en', encoding: 'linear16', sample_rate: 16_000 },
      'v2/listen',
      'model=flux-general-en&encoding=linear16&sample_rate=16000',
    ],
    [
      'listen',
      { model: 'flux-general-multi', encoding: 'mulaw', sample_rate: '8000' },
      'v2/listen',
      'model=flux-general-multi&encoding=mulaw&sample_rate=8000',
    ],
    ['speak', { model: 'aura-2-thalia-en' }, 'v1/speak', 'model=aura-2-thalia-en'],
    ['speak', { model: 'flux-haley-en', speed: 1.2 }, 'v2/speak', 'model=flux-haley-en&speed=1.2'],
  ])('%s %j', (kind, parameters, path, queryString) => {
    const request = requests[kind];
    expect(request(parameters).product.path).toBe(path);
    expect(request(parameters).queryString).toBe(queryString);
  });

  it('repeats a list, leaves out what is absent, and encodes everything but unreserved characters', () => {
    const { queryString } = listen({
      model: 'nova-3',
      language: 'en',
      keyterm: ["Müller's", 'a&b=c (d)*!'],
      punctuate: undefined,
    });
    expect(queryString).toBe('model=nova-3&language=en&keyterm=M%C3%BCller%27s&keyterm=a%26b%3Dc%20%28d%29%2A%21');
  });
});

describe('what is refused before anything is opened', () => {
  it.each<['listen' | 'speak', object, RegExp[]]>([
    ['listen', {}, [/^model is missing: .*Nova-3.*Flux/]],
    ['listen', { model: 'nova-2', language: 'en' }, [/^model=nova-2 is none of .*nova-3/]],
    ['listen', { model: 'aura-2-thalia-en' }, [/is none of/]],
    ['speak', { model: 'nova-3' }, [/is none of .*aura-2/]],
    ['speak', { model: 'aura-2-thalia' }, [/is none of/]],
    ['listen', { model: 'nova-3', language: '' }, [/^Model query string .*because of "language="/]],
    [
      'listen',
      { model: 'nova-3', language: 'en', encoding: 'linear16' },
      [/^sample_rate is missing: it goes together/],
    ],
    ['listen', { model: 'nova-3', language: 'en', sample_rate: 0 }, [/^sample_rate 0 must be/]],
    ['listen', { model: 'nova-3', language: 'en', sample_rate: '16k' }, [/^sample_rate "16k" must be/]],
    ['listen', { model: 'flux-general-en' }, [/^encoding is missing/, /^sample_rate is missing: Flux/]],
    [
      'listen',
      { model: 'flux-general-en', encoding: 'linear16', language: 'en', sample_rate: -1 },
      [/^language is not allowed: Flux/, /^sample_rate -1/],
    ],
    [
      'speak',
      { model: 'flux-haley-en', container: 'wav', bit_rate: 1 },
      [/^container is not known/, /^bit_rate is not known/],
    ],
    ['listen', { model: 'nova-3', language: 'en', keyterm: 'x'.repeat(2_100) }, [/at most 2048/]],
  ])('%s, case %#', (kind, parameters, expected) => {
    const faults = faultsOf(() => requests[kind](parameters));
    expect(faults).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(faults[index]).toMatch(pattern);
  });

  it('Aura-2 passes on a parameter that it may know better than the kit', () => {
    expect(faultsOf(() => speak({ model: 'aura-2-thalia-en', mip_opt_out: true }))).toEqual([]);
  });

  it('names all faults at once, why it matters, and parameters that work', () => {
    let message = '';
    try {
      listen({ model: 'flux-general-en', language: 'en' });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatchInlineSnapshot(`
"encoding is missing: Flux conversational speech-to-text needs it, as in model=flux-general-en&encoding=linear16&sample_rate=16000.
        sample_rate is missing: Flux conversational speech-to-text needs it, as in model=flux-general-en&encoding=linear16&sample_rate=16000.
        language is not allowed: Flux takes its language from the model name; a language parameter is refused.
  why:  The model would refuse the stream, and SageMaker would only say that the handshake failed (HTTP 424).
  next: Parameters that work: model=flux-general-en&encoding=linear16&sample_rate=16000"
`);
  });
});
