import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { throwIfInvalid } from './violations';

/** The part of a container definition that says where the model's files come from. */
export type ModelDataConfig = Pick<CfnModel.ContainerDefinitionProperty, 'modelDataUrl' | 'modelDataSource'>;

/** Files that the platform puts into `/opt/ml/model` before the container starts. Read-only there. */
export abstract class ModelData {
  /** One `.tar.gz` archive, which the platform unpacks. */
  static fromArchive(bucket: IBucket, key: string): ModelData {
    throwIfInvalid('ModelData.fromArchive', [
      key.endsWith('.tar.gz') ? undefined : `"${key}" must end in .tar.gz; for plain files use ModelData.fromPrefix.`,
    ]);
    return new Archive(bucket, key);
  }

  /**
   * Every object under a prefix, as it is: no packing, no unpacking, and the quickest start for large models.
   *
   * @param prefix ends with a slash.
   */
  static fromPrefix(bucket: IBucket, prefix: string): ModelData {
    throwIfInvalid('ModelData.fromPrefix', [
      prefix.endsWith('/') ? undefined : `"${prefix}" must end with a slash, or objects beside it would be copied too.`,
    ]);
    return new Prefix(bucket, prefix);
  }

  /** Called by the model: lets the grantee read the files. */
  abstract bind(grantee: IGrantable): ModelDataConfig;
}

class Archive extends ModelData {
  constructor(
    private readonly bucket: IBucket,
    private readonly key: string,
  ) {
    super();
  }

  bind(grantee: IGrantable): ModelDataConfig {
    allowRead(grantee, this.bucket, this.key);
    return { modelDataUrl: this.bucket.s3UrlForObject(this.key) };
  }
}

class Prefix extends ModelData {
  constructor(
    private readonly bucket: IBucket,
    private readonly prefix: string,
  ) {
    super();
  }

  bind(grantee: IGrantable): ModelDataConfig {
    allowRead(grantee, this.bucket, `${this.prefix}*`);
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

/** `IBucket.grantRead` also allows listing the whole bucket; the platform only reads these objects. */
function allowRead(grantee: IGrantable, bucket: IBucket, keys: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [bucket.arnForObjects(keys)] }),
  );
  bucket.encryptionKey?.grantDecrypt(grantee);
}
