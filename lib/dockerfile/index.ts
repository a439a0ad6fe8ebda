export {
  type DockerfileBuild,
  DockerfileError,
  type DockerfileImage,
  readDockerfile,
  type Stated,
} from './read-dockerfile';
