/** The configuration of an image, as far as the platform's contract asks about it. */
export interface ImageConfiguration {
  readonly labels: Readonly<Record<string, string>>;
  /** Empty when there is none. */
  readonly entrypoint: readonly string[];
  /** Empty for root. */
  readonly user: string;
  /** Such as `8080/tcp`. */
  readonly exposedPorts: readonly string[];
  /** Such as `linux/amd64`. */
  readonly platform: string;
}

/** The outermost manifest of an image. */
export interface ImageManifestKind {
  /** Media type as it was served or stored; absent where the source has none, such as an archive of `docker save`. */
  readonly mediaType?: string;
  /** Of an index: the platforms of its entries, attestations left out. Absent when it is a single manifest. */
  readonly indexPlatforms?: readonly string[];
  /** Of an index: how many entries are attestations of the builder. */
  readonly attestations?: number;
}

/** An image, wherever it was read from. */
export interface ContainerImage {
  /** The image's name as the user gave it, or as its source says. */
  readonly reference: string;
  readonly manifest: ImageManifestKind;
  readonly configuration: ImageConfiguration;
  /** Bytes of each layer, lowest first. Absent where the source only knows the sum. */
  readonly layerBytes?: readonly number[];
  readonly layerCount: number;
  readonly totalBytes: number;
  /** Whether the sizes are those that are downloaded (compressed) or those on disk. */
  readonly compressed: boolean;
}
