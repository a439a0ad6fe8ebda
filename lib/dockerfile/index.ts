export { DockerfileError } from './dockerfile-error';
export {
  type DockerfileBuild,
  type DockerfileImage,
  readDockerfile,
  type Stated,
} from './read-dockerfile';
