//! HTTP events and their answers, in the forms that gateways use.
//!
//! Sources: Tencent SCF <https://cloud.tencent.com/document/product/583/96099>; AWS payload 1.0 and 2.0
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>; AWS load
//! balancers <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.

mod answer;
mod form;

pub use answer::HttpAnswer;
pub use form::{HttpForm, is_http};
