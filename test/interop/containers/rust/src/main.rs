//! A container on axum.

use std::{env, future::IntoFuture, time::Duration};

use axum::{
    Router,
    extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    http::StatusCode,
    routing::{any, get},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

async fn session(mut socket: WebSocket, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            _ = stopping.changed() => {
                let frame = CloseFrame { code: close_code::AWAY, reason: "".into() };
                let _ = socket.send(Message::Close(Some(frame))).await;
                return;
            }
        }
    }
}

#[tokio::main]
async fn main() {
    let (stop, stopping) = watch::channel(false);
    let app = Router::new()
        .route("/ping", get(|| async { StatusCode::OK }).post(|| async { StatusCode::OK }))
        .route(
            "/invocations-bidirectional-stream",
            any(move |upgrade: WebSocketUpgrade| async move {
                upgrade.on_upgrade(move |socket| session(socket, stopping.clone()))
            }),
        );
    let port = env::var("SAGEMAKER_BIND_TO_PORT").unwrap_or_else(|_| "8080".into());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).await.expect("the port is free");
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be handled");
    tokio::select! {
        _ = axum::serve(listener, app).into_future() => {}
        _ = terminate.recv() => {
            let _ = stop.send(true);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}
