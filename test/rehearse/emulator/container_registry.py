"""ECR's image operations, answered from a real registry.

`docker push` goes to an OCI registry that stands in for ECR's data plane; what is in it is what ECR's API tells.
"""

import json
import os
from base64 import b64encode
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse
from moto.s3.models import s3_backends
from emulated_client import emulated_client

LAYER_BUCKET = "starport-layers"
MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)


def _get(account: str, path: str) -> tuple[bytes, Any]:
    token = b64encode(f"AWS:{account}-auth-token".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Accept": ", ".join(MANIFEST_TYPES)}
    with urlopen(Request(f"{os.environ['REHEARSAL_REGISTRY_URL']}/v2/{path}", headers=headers)) as response:
        return response.read(), response.headers


def _take_over_pushed_images(backend: ECRBackend, repository_name: str) -> None:
    repository = backend.repositories.get(repository_name)
    if repository is None:
        return
    try:
        tags = json.loads(_get(backend.account_id, f"{repository_name}/tags/list")[0])["tags"] or []
    except HTTPError as error:
        if error.code == 404:  # nothing has been pushed yet
            return
        raise
    known = {tag for image in repository.images for tag in image.image_tags}
    for tag in set(tags) - known:
        manifest, headers = _get(backend.account_id, f"{repository_name}/manifests/{tag}")
        backend.put_image(
            repository_name, manifest.decode(), tag, headers["Content-Type"], headers["Docker-Content-Digest"]
        )


def _after_take_over(operation: str) -> None:
    of_moto = getattr(ECRBackend, operation)

    def answer(self: ECRBackend, repository_name: str, *words: Any, **named: Any) -> Any:
        _take_over_pushed_images(self, repository_name)
        return of_moto(self, repository_name, *words, **named)

    setattr(ECRBackend, operation, answer)


def _get_download_url_for_layer(self: ECRResponse) -> ActionResult:
    repository_name, digest = self._get_param("repositoryName"), self._get_param("layerDigest")
    blob, _ = _get(self.current_account, f"{repository_name}/blobs/{digest}")
    storage = s3_backends[self.current_account]["aws"]
    if LAYER_BUCKET not in storage.buckets:
        storage.create_bucket(LAYER_BUCKET, self.region)
    storage.put_object(LAYER_BUCKET, digest, blob)
    url = emulated_client("s3", self.region).generate_presigned_url("get_object", {"Bucket": LAYER_BUCKET, "Key": digest})
    return ActionResult({"downloadUrl": url, "layerDigest": digest})


def install() -> None:
    for operation in ("describe_images", "batch_get_image", "list_images"):
        _after_take_over(operation)
    ECRResponse.get_download_url_for_layer = _get_download_url_for_layer
