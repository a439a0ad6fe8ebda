console.error('model file not found');
process.exit(3);
