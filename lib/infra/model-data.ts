import { Stack, Token, Validations } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset, type AssetOptions } from 'aws-cdk-lib/aws-s3-assets';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { throwIfInvalid, type Violation } from './violations';

/** The part of a container definition that says where the model's files come from. */
export interface ModelDataConfig {
  /**
   * Address of one `.tar.gz` archive.
   *
   * @default - none
   */
  readonly modelDataUrl?: string;
  /**
   * Where files lie that are not packed.
   *
   * @default - none
   */
  readonly modelDataSource?: CfnModel.ModelDataSourceProperty;
}

/** Files that the platform puts into `/opt/ml/model` before the container starts. Read-only there. */
export abstract class ModelData {
  /**
   * One `.tar.gz` archive, which the platform unpacks.
   *
   * @throws InvalidPropsError when the key does not end with `.tar.gz`.
   */
  static fromArchive(bucket: IBucket, key: string): ModelData {
    throwIfInvalid('ModelData.fromArchive', [archiveViolation(key)]);
    return new Archive(bucket, key);
  }

  /**
   * Every object under a prefix, as it is: no packing, no unpacking, and the quickest start for large models.
   *
   * @param prefix ends with a slash.
   * @throws InvalidPropsError when the prefix does not end with a slash.
   */
  static fromPrefix(bucket: IBucket, prefix: string): ModelData {
    throwIfInvalid('ModelData.fromPrefix', [
      Token.isUnresolved(prefix) || prefix.endsWith('/')
        ? undefined
        : `"${prefix}" must end with a slash, or objects beside it would be copied too.`,
    ]);
    return new Prefix(bucket, prefix);
  }

  /**
   * A `.tar.gz` archive of this machine. It is uploaded when the stack is deployed, and the platform unpacks it.
   *
   * @param file the archive.
   * @throws InvalidPropsError when the file does not end with `.tar.gz`.
   */
  static fromAsset(file: string, options: AssetOptions = {}): ModelData {
    throwIfInvalid('ModelData.fromAsset', [archiveViolation(file)]);
    return new LocalArchive(file, options);
  }

  /** Called by the model: lets the grantee read the files. */
  abstract bind(scope: Construct, grantee: IGrantable): ModelDataConfig;
}

class Archive extends ModelData {
  constructor(
    private readonly bucket: IBucket,
    private readonly key: string,
  ) {
    super();
  }

  bind(_scope: Construct, grantee: IGrantable): ModelDataConfig {
    allowRead(grantee, this.bucket, this.key);
    return { modelDataUrl: this.bucket.s3UrlForObject(this.key) };
  }
}

class LocalArchive extends ModelData {
  constructor(
    private readonly file: string,
    private readonly options: AssetOptions,
  ) {
    super();
  }

  bind(scope: Construct, grantee: IGrantable): ModelDataConfig {
    const asset = new Asset(scope, 'ModelData', { ...this.options, path: this.file });
    allowRead(grantee, asset.bucket, asset.s3ObjectKey);
    return { modelDataUrl: asset.s3ObjectUrl };
  }
}

class Prefix extends ModelData {
  constructor(
    private readonly bucket: IBucket,
    private readonly prefix: string,
  ) {
    super();
  }

  bind(scope: Construct, grantee: IGrantable): ModelDataConfig {
    allowRead(grantee, this.bucket, `${this.prefix}*`);
    acknowledgePrefix(scope, this.bucket.arnForObjects(`${this.prefix}*`));
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${this.prefix}*` } },
      }),
    );
    return {
      modelDataSource: {
        s3DataSource: {
          s3Uri: this.bucket.s3UrlForObject(this.prefix),
          s3DataType: 'S3Prefix',
          compressionType: 'None',
        },
      },
    };
  }
}

/** cdk-nag asks for a reason for every wildcard; it names the resource as it is rendered. */
function acknowledgePrefix(scope: Construct, arn: string): void {
  const rendered = Stack.of(scope).resolve(arn) as string | { 'Fn::Join': ['', (string | { Ref: string })[]] };
  const name =
    typeof rendered === 'string'
      ? rendered
      : rendered['Fn::Join'][1].map(part => (typeof part === 'string' ? part : `<${part.Ref}>`)).join('');
  const reason = 'The model is every object under this prefix, whose names are not known beforehand.';
  try {
    Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${name}]`, reason });
  } catch {
    // aws-cdk-lib 2.268 takes no id with a second "::", as an ARN has it: there an app that runs cdk-nag acknowledges it itself.
  }
}

function archiveViolation(name: string): Violation {
  if (Token.isUnresolved(name) || name.endsWith('.tar.gz')) return undefined;
  return `"${name}" must end in .tar.gz; for plain files use ModelData.fromPrefix.`;
}

/** `IBucket.grantRead` also allows listing the whole bucket; the platform only reads these objects. */
function allowRead(grantee: IGrantable, bucket: IBucket, keys: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(keys)] }),
  );
  bucket.encryptionKey?.grantDecrypt(grantee);
}
